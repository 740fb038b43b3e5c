namespace AlexNetSharp.Tests;

public class SmokeTests
{
    [Fact]
    public void TheBestTierIsKnown() => Assert.True(Enum.IsDefined(AlexNetSharp.Simd.SimdTiers.Best));
}
