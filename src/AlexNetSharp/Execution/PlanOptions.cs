namespace AlexNetSharp.Execution;

/// <summary>Which parameters' gradients a plan computes.</summary>
public enum GradientScope
{
    /// <summary>None: the plan only runs forward.</summary>
    None,

    /// <summary>Kernels and biases of the convolutions only, as the notebook does.</summary>
    Convolution,

    /// <summary>All parameters.</summary>
    All,
}

/// <summary>What a plan is made for.</summary>
public sealed record PlanOptions
{
    /// <summary>Images in a batch, at least 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Threads that compute, the caller's included; 0 for one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>Which gradients backward gives.</summary>
    public GradientScope Gradients { get; init; }

    /// <summary>Whether backward also gives the gradient of the input.</summary>
    public bool InputGradient { get; init; }

    /// <summary>Whether convolutions keep to algorithms with the rounding error of direct convolution (no Winograd).</summary>
    public bool Precise { get; init; }

    /// <summary>
    /// Whether fully connected weights are kept a second time as bfloat16 and read from there in forward: half the memory traffic, which
    /// is what small batches wait for, at a relative error of 2⁻⁹ a weight. Only without gradients.
    /// </summary>
    public bool BFloat16Linear { get; init; }

    /// <summary>Whether the output of every layer stays readable after a step (<see cref="Plan.Activation"/>), at the cost of memory and fusion.</summary>
    public bool KeepActivations { get; init; }

    /// <summary>Key of the random numbers of dropout.</summary>
    public ulong Seed { get; init; }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 1024);
        if (BFloat16Linear && (Gradients != GradientScope.None || InputGradient))
            throw new ArgumentException("bfloat16 weights are for inference only: ask for them without gradients");
    }
}
