using AlexNetSharp.Cli.Hosting;

namespace AlexNetSharp.Tests.Cli;

public class ProgressLineTests
{
    [Fact]
    public void DrawsABarOnOneLine()
    {
        using var terminal = new StringWriter();
        new ProgressLine(terminal, () => 80, colors: false).Show("forward", 50, 100, "0.081 s / batch");
        Assert.Matches(@"^\r\e\[Kforward #{12}-{12}  50/100  0:00 left  0\.081 s / batch$", terminal.ToString());
    }

    [Fact]
    public void ShowsTheTimeLeftThatItIsTold()
    {
        using var terminal = new StringWriter();
        new ProgressLine(terminal, () => 80, colors: false).Show("epoch 1/3", 100, 100, timeLeft: TimeSpan.FromHours(50));
        Assert.EndsWith("  100/100  50:00:00 left", terminal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(545.9, "9:05")]
    [InlineData(11345, "3:09:05")]
    [InlineData(176945, "49:09:05")]
    public void AClockShowsAllHours(double seconds, string expected) => Assert.Equal(expected, ProgressLine.Clock(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    public void NeverReachesTheEndOfTheLine(int columns)
    {
        using var terminal = new StringWriter();
        new ProgressLine(terminal, () => columns, colors: false).Show("forward-backward", 7, 100, "0.081 s / batch");
        Assert.InRange(terminal.ToString().Length - "\r\e[K".Length, 1, columns - 1);
    }

    [Fact]
    public void ClearTakesTheLineAwayOnce()
    {
        using var terminal = new StringWriter();
        var progress = new ProgressLine(terminal, () => 80);
        progress.Clear();
        Assert.Equal("", terminal.ToString());
        progress.Show("forward", 1, 2);
        progress.Clear();
        progress.Clear();
        Assert.EndsWith("\r\e[K", terminal.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, terminal.ToString().Split("\r\e[K").Length - 1);
    }

    [Fact]
    public void DrawsNothingWithoutATerminal() => new ProgressLine(null, () => throw new InvalidOperationException()).Show("forward", 1, 2);
}
