namespace AlexNetSharp.Execution;

/// <summary>Options of a <see cref="Plan"/>.</summary>
public sealed class PlanOptions : ExecutorOptions
{
    /// <summary>Options for single images, forward only, on all processors.</summary>
    public PlanOptions()
    {
    }

    /// <summary>The options of any device, and the CPU's own as they are by default.</summary>
    internal PlanOptions(ExecutorOptions options)
        : base(options)
    {
    }

    /// <summary>Threads to compute with, including the caller's; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Whether the backward pass also computes the gradient of the input.</summary>
    public bool InputGradient { get; init; }

    /// <summary>Whether to avoid algorithms with a larger rounding error than direct convolution (Winograd).</summary>
    public bool Precise { get; init; }

    /// <summary>Whether the output of every layer can be read after a step (<see cref="Plan.Activation"/>); costs memory and prevents fusion.</summary>
    public bool KeepActivations { get; init; }

    /// <summary>
    /// Names of fully connected layers whose weight gradients the backward pass does not compute: a <c>GradientExchange</c> computes
    /// them for the whole batch.
    /// </summary>
    public IReadOnlyList<string> FactorLayers { get; init; } = [];

    /// <summary>The largest batch, far beyond what memory allows for any network.</summary>
    private const int MostImages = 1 << 20;

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;

    /// <summary>Threads that run at the same time: those beyond the processors take turns, and to cut the work for them would do some of it twice.</summary>
    internal int ThreadsAtOnce => Math.Min(EffectiveThreads, Environment.ProcessorCount);

    internal void Validate()
    {
        // Kernels count rows of a batch in 32 bits.
        if (BatchSize is < 1 or > MostImages)
            throw new ArgumentOutOfRangeException(nameof(BatchSize), BatchSize, FormattableString.Invariant($"a batch must have 1 to {MostImages} images"));
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 1024);
        ArgumentNullException.ThrowIfNull(Gradients);
        if (Precision != Precision.Float32 && (Gradients != GradientScope.None || InputGradient))
            throw new ArgumentException($"{Precision} weights are for inference only: ask for them without gradients");
    }
}
