using System.Globalization;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Cli;

public class NotebookFormatTests
{
    private static readonly DateTimeOffset s_now = new DateTimeOffset(2026, 1, 31, 18, 6, 53, TimeSpan.FromHours(1)).AddTicks(6904440);

    [Fact]
    public void StepsAndSummariesAreTheNotebooksToTheCharacter()
    {
        Assert.Equal("2026-01-31 18:06:53.690444: step:0. duration = 0.030", NotebookFormat.Step(s_now, 0, 0.0304));
        Assert.Equal(
            "2026-01-31 18:06:53.690444: forward across 2 steps, 0.030 +/- 0.010 sec / batch",
            NotebookFormat.Summary(s_now, "forward", DurationStatisticsTests.Of(0.02, 0.04)));
    }

    [Fact]
    public void TheFormatDoesNotDependOnTheCulture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            comma.DateTimeFormat.TimeSeparator = ".";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal("2026-01-31 18:06:53.690444: step:10. duration = 1.500", NotebookFormat.Step(s_now, 10, 1.5));
            Assert.Contains("0.030 +/- 0.010 sec", NotebookFormat.Summary(s_now, "forward", DurationStatisticsTests.Of(0.02, 0.04)), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void TheShapesOfTheNotebook() => Assert.Equal(
        [
            "conv1   [32, 56, 56, 64]", "pool1   [32, 27, 27, 64]", "conv2   [32, 27, 27, 192]", "pool2   [32, 13, 13, 192]",
            "conv3   [32, 13, 13, 384]", "conv4   [32, 13, 13, 256]", "conv5   [32, 13, 13, 256]", "pool5   [32, 6, 6, 256]",
        ],
        NotebookFormat.Shapes(AlexNet.TensorFlow(), 32));
}
