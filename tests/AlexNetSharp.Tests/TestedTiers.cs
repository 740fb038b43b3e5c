using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Simd;

namespace AlexNetSharp.Tests;

/// <summary>The vector tiers whose code a process tests.</summary>
internal static class TestedTiers
{
    /// <summary>
    /// The one that the process is on, and, unless it was started for that one alone, the wider ones that the processor lacks, emulated by the
    /// runtime. The narrower ones are tested as they are used, each by the process that <see cref="TierLaneTests"/> starts for it.
    /// </summary>
    public static SimdTier[] All { get; } =
        Environment.GetEnvironmentVariable(TierAssertionTests.ExpectedTier) is { } one
            ? [Enum.Parse<SimdTier>(one)]
            : [.. Enum.GetValues<SimdTier>().Where(tier => tier >= SimdTiers.Best)];

    /// <summary>The names of <see cref="All"/>, for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(tier => tier.ToString())];
}
