namespace AlexNetSharp.Tests;

/// <summary>Tests that run after all others, one at a time: they need both cores, much memory, or nobody else who allocates.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public class Alone;

/// <summary>The trait of tests whose outcome no vector tier can change, or that others show on each tier; processes for single tiers leave them out.</summary>
internal static class AnyTier
{
    public const string Name = "tier";
    public const string Value = "any";
}

/// <summary>The trait of tests that take seconds even when optimized; processes for single vector tiers leave them out.</summary>
internal static class Slow
{
    public const string Name = "speed";
    public const string Value = "slow";
}
