using System.Runtime.Intrinsics.X86;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Simd;

/// <summary>The process runs on the vector tier that it was started for.</summary>
public class TierAssertionTests
{
    /// <summary>Names the <see cref="SimdTier"/> that a process started for one tier must have got.</summary>
    public const string ExpectedTier = "ALEXNET_EXPECTED_TIER";

    [Fact]
    public void TheTierIsTheExpectedOne()
    {
        // A process that nobody started for a tier must have no switch set that narrows it.
        if (Environment.GetEnvironmentVariable(ExpectedTier) is { } expected)
            Assert.Equal(Enum.Parse<SimdTier>(expected), SimdTiers.Best);
        else
            Assert.True(Enum.IsDefined(SimdTiers.Best));
    }

    [Fact]
    public void TheTierOfTheProcessorIsWhatTheSystemSaysOfIt()
    {
        Assert.True(SimdTiers.OfProcessor >= SimdTiers.Best);
        const string cpuinfo = "/proc/cpuinfo";
        Assert.SkipUnless(File.Exists(cpuinfo) && X86Base.IsSupported, "the flags of an x86 processor on Linux");
        string[] flags = File.ReadLines(cpuinfo).First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ');
        SimdTier expected = flags.Contains("avx512f") && flags.Contains("avx512vl") ? SimdTier.Vector512
            : flags.Contains("avx2") ? SimdTier.Vector256 : SimdTier.Vector128;
        Assert.Equal(expected, SimdTiers.OfProcessor);
    }
}
