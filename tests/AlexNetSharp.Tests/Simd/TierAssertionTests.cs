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
}
