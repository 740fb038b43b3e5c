using AlexNetSharp.Cli.Plots;

namespace AlexNetSharp.Tests.Cli;

public class LineChartTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    [InlineData(140)]
    public void AnAxisOfEpochsHasWholeNumbersOnly(int epochs)
    {
        var axis = LineChart.Axis.Horizontal(Enumerable.Range(1, epochs).Select(epoch => (double)epoch), XAxis.Whole);
        Assert.NotEmpty(axis.Ticks);
        Assert.All(axis.Ticks, tick => Assert.Equal(Math.Round(tick), tick, 1e-9));
        Assert.All(axis.Ticks, tick => Assert.DoesNotContain('.', axis.Text(tick)));
        Assert.InRange(axis.Place(1), 0, 1);
        Assert.InRange(axis.Place(epochs), 0, 1);
    }

    [Fact]
    public void BatchSizesAreTheirOwnTicksAtEqualDistances()
    {
        var axis = LineChart.Axis.Horizontal([8, 1, 2, 4, 8], XAxis.Doubling);
        Assert.Equal(["1", "2", "4", "8"], axis.Ticks.Select(axis.Text));
        Assert.Equal(axis.Place(2) - axis.Place(1), axis.Place(8) - axis.Place(4), 1e-9);
    }

    [Fact]
    public void AVerticalAxisBeginsAndEndsAtATick()
    {
        var axis = LineChart.Axis.Vertical([0.55, 1.73]);
        Assert.Equal([0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8], axis.Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.Equal((0, 1), (axis.Place(axis.Ticks[0]), Math.Round(axis.Place(axis.Ticks[^1]), 9)));
        Assert.Equal("0.4", axis.Text(axis.Ticks[0]));
    }
}
