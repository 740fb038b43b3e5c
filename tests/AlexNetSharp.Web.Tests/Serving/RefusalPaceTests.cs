using AlexNetSharp.AspNetCore;

namespace AlexNetSharp.Web.Tests.Serving;

public sealed class RefusalPaceTests
{
    private readonly SetClock _clock = new();

    [Fact]
    public void ASecondsWorthIsRefusedAtOnceAndTheRestInTurn()
    {
        var pace = new RefusalPace(4, _clock);
        Assert.Equal([0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1], Take(pace, 10));
        _clock.Now += TimeSpan.FromSeconds(0.5);
        Assert.Equal([0.75, 1], Take(pace, 2));
    }

    [Fact]
    public void APauseGivesASecondsWorthBackAndNoMore()
    {
        var pace = new RefusalPace(4, _clock);
        Take(pace, 10);
        _clock.Now += TimeSpan.FromHours(1);
        Assert.Equal([0, 0, 0, 0, 0.25], Take(pace, 5));
    }

    [Fact]
    public void NoneWaitsWithoutALimit()
    {
        var pace = new RefusalPace(0, _clock);
        Assert.All(Take(pace, 1000), delay => Assert.Equal(0, delay));
    }

    private static double[] Take(RefusalPace pace, int count) => [.. Enumerable.Range(0, count).Select(_ => pace.Next().TotalSeconds)];

    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
