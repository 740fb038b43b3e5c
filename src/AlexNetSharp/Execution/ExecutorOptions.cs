namespace AlexNetSharp.Execution;

/// <summary>What an executor is made for, whatever the device.</summary>
public record ExecutorOptions
{
    /// <summary>Images in a batch, at least 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>The parameters whose gradients backward computes. What lies before the first of them runs as in inference.</summary>
    public GradientScope Gradients { get; init; } = GradientScope.None;

    /// <summary>The numbers that forward computes with; other than float32 only without gradients.</summary>
    public Precision Precision { get; init; }

    /// <summary>Key of the random numbers of dropout.</summary>
    public ulong Seed { get; init; }
}

/// <summary>The numbers that inference computes with.</summary>
public enum Precision
{
    /// <summary>Float32 everywhere.</summary>
    Float32,

    /// <summary>
    /// Fully connected weights are kept a second time as bfloat16 and read from there: half the memory traffic, which is what small batches
    /// wait for, at a relative error of 2⁻⁹ a weight. Everything else is float32.
    /// </summary>
    BFloat16,

    /// <summary>
    /// Fully connected weights are kept a second time as whole numbers of 8 bits, with one scale for each output, and read from there: a quarter of
    /// the memory traffic, at an error of at most 1/254 of the largest weight of the output. Sums, and everything else, are float32.
    /// </summary>
    Int8,
}
