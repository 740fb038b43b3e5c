using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Tests.Cli;

public class TimedRunTests
{
    [Fact]
    public void BurnInIsNotCountedAndEveryTenthStepHasALine()
    {
        var clock = new ManualClock();
        var lines = new List<string>();
        var steps = new List<int>();
        int counted = 0;
        var run = new TimedRun("forward", BurnIn: 4, Batches: 21) { WriteLine = lines.Add, Time = clock };
        DurationStatistics durations = run.Run(
            step =>
            {
                steps.Add(step);
                clock.Advance(step < 4 ? 9 : 0.5);
            },
            () => counted++, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 25), steps);
        Assert.Equal((21, 21), (durations.Count, counted));
        Assert.Equal((0.5, 0.0), (durations.Mean, durations.Deviation));
        Assert.Equal(
            [
                "2026-01-31 12:00:36.500000: step:0. duration = 0.500",
                "2026-01-31 12:00:41.500000: step:10. duration = 0.500",
                "2026-01-31 12:00:46.500000: step:20. duration = 0.500",
                "2026-01-31 12:00:46.500000: forward across 21 steps, 0.500 +/- 0.000 sec / batch",
            ],
            lines);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(3, 1, 2)]
    public void InterruptionStopsBetweenSteps(int stepsUntilThen, int expected, int lineCount)
    {
        using var interruption = new CancellationTokenSource();
        var lines = new List<string>();
        var run = new TimedRun("forward", BurnIn: 2, Batches: 50) { WriteLine = lines.Add, Time = new ManualClock() };
        DurationStatistics durations = run.Run(
            step =>
            {
                if (step + 1 == stepsUntilThen)
                    interruption.Cancel();
            },
            () => { }, interruption.Token);
        Assert.Equal(expected, durations.Count);
        Assert.Equal(lineCount, lines.Count);
    }

    /// <summary>Time that passes only when a test says so.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public void Advance(double seconds) => _now += TimeSpan.FromSeconds(seconds);

        public override long GetTimestamp() => _now.Ticks;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero) + _now;
    }
}
