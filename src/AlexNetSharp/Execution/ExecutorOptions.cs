namespace AlexNetSharp.Execution;

/// <summary>Options of an executor on any device.</summary>
public class ExecutorOptions
{
    /// <summary>Options for single images, forward only.</summary>
    public ExecutorOptions()
    {
    }

    /// <summary>The same options.</summary>
    private protected ExecutorOptions(ExecutorOptions options) =>
        (BatchSize, Gradients, Precision, Seed) = (options.BatchSize, options.Gradients, options.Precision, options.Seed);

    /// <summary>Images per batch, at least 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>The parameters to compute gradients for. Layers before the first of them run as in inference.</summary>
    public GradientScope Gradients { get; init; } = GradientScope.None;

    /// <summary>Number format of the forward pass; anything but float32 requires that no gradients are computed.</summary>
    public Precision Precision { get; init; }

    /// <summary>Seed of dropout.</summary>
    public ulong Seed { get; init; }
}

/// <summary>Number formats for inference.</summary>
public enum Precision
{
    /// <summary>Float32 everywhere.</summary>
    Float32,

    /// <summary>
    /// Fully connected weights are kept a second time as bfloat16 and read from there: half the memory traffic, which limits small
    /// batches, at a relative error of 2⁻⁹ a weight. Everything else is float32.
    /// </summary>
    BFloat16,

    /// <summary>
    /// Fully connected weights are kept a second time as 8-bit integers, with one scale for each output, and read from there: a quarter of
    /// the memory traffic, at an error of at most 1/254 of the largest weight of the output. Sums, and everything else, are float32.
    /// </summary>
    Int8,
}
