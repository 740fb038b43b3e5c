using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Simd;

namespace AlexNetSharp.Tests;

/// <summary>The vector tiers whose code a process tests.</summary>
internal static class TestedTiers
{
    /// <summary>
    /// All of them, those that the processor lacks emulated by the runtime; in a process started for one tier that one alone, because the others
    /// are tested by the processes that have them.
    /// </summary>
    public static SimdTier[] All { get; } =
        Environment.GetEnvironmentVariable(TierAssertionTests.ExpectedTier) is { } one ? [Enum.Parse<SimdTier>(one)] : Enum.GetValues<SimdTier>();
}
