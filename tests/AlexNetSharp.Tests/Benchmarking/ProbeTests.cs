using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Tests.Benchmarking;

public class ProbeTests
{
    [Fact]
    public void PeaksAreOfAPlausibleSize()
    {
        // From an old core under emulation to a big machine: an impossible value shows that the loop was left out.
        Assert.InRange(FmaPeak.Measure(1, 2), 0.05, 1000);
        Assert.InRange(FmaPeak.Measure(2, 1), 0.05, 1000);
    }

    [Fact]
    public void BandwidthIsOfAPlausibleSize() => Assert.InRange(MemoryBandwidth.Measure(1, 16, 2), 0.05, 1000);

    [Fact]
    public void ImpossibleRequestsAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FmaPeak.Measure(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBandwidth.Measure(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBandwidth.Measure(1, 0));
    }
}
