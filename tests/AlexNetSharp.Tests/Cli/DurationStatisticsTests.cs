using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Tests.Cli;

public class DurationStatisticsTests
{
    [Fact]
    public void MeanAndDeviationAreTheNotebooks()
    {
        DurationStatistics durations = Of(0.25, 0.75, 0.5, 0.5);
        Assert.Equal(0.5, durations.Mean);
        // sqrt(E[d²] − E[d]²) = sqrt(0.28125 − 0.25); an estimate with n − 1 would be sqrt(1/24).
        Assert.Equal(Math.Sqrt(0.03125), durations.Deviation, 1e-15);
    }

    [Theory]
    [InlineData(new[] { 3.0, 1, 2 }, 2, 1, 3)]
    [InlineData(new[] { 4.0, 1, 2, 3 }, 2.5, 1, 4)]
    [InlineData(new[] { 7.0 }, 7, 7, 7)]
    public void MedianIsTheMiddle(double[] seconds, double median, double min, double max)
    {
        DurationStatistics durations = Of(seconds);
        Assert.Equal((median, min, max), (durations.Median, durations.Min, durations.Max));
        Assert.Equal(seconds, durations.Seconds.ToArray());
    }

    [Fact]
    public void EqualDurationsHaveNoDeviation()
    {
        // The mean of the squares of these is below the square of the mean, by rounding: without care the root is not a number.
        for (double seconds = 0.01; seconds < 1; seconds += 0.013)
            Assert.InRange(Of([.. Enumerable.Repeat(seconds, 100)]).Deviation, 0, 1e-7);
    }

    [Fact]
    public void NothingAddedIsAnError()
    {
        var durations = new DurationStatistics(3);
        Assert.Throws<InvalidOperationException>(() => durations.Mean);
        Assert.Throws<InvalidOperationException>(() => durations.Deviation);
        Assert.Throws<InvalidOperationException>(() => durations.Median);
    }

    internal static DurationStatistics Of(params double[] seconds)
    {
        var durations = new DurationStatistics(seconds.Length);
        foreach (double value in seconds)
            durations.Add(value);
        return durations;
    }
}
