using AlexNetSharp.Execution;

namespace AlexNetSharp.Rivals;

/// <summary>One program that runs the workload.</summary>
internal interface IRunner : IDisposable
{
    /// <summary>Name and version.</summary>
    string Name { get; }

    /// <summary>One forward pass over the batch, to the logits.</summary>
    void Forward();

    /// <summary>The logits of the last forward pass, [batch, classes].</summary>
    float[] Logits();
}

/// <summary>A runner that also gives gradients.</summary>
internal interface ITrainingRunner : IRunner
{
    /// <summary>Forward, the objective sum(t²)/2, and backward to the gradients of the scope.</summary>
    void ForwardBackward();

    /// <summary>The gradient of a parameter in PyTorch's order.</summary>
    float[] Gradient(string parameter);
}

/// <summary>Settings of a runner.</summary>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Dropout">Whether dropout drops, as the notebook's graph always does.</param>
/// <param name="Gradients">Which gradients are computed; null for none.</param>
/// <param name="Precision">What our fully connected weights are read as.</param>
internal sealed record RunnerOptions(int Threads, bool Dropout = false, GradientScope? Gradients = null, Precision Precision = Precision.Float32)
{
    /// <summary>Which gradients are computed.</summary>
    public GradientScope Gradients { get; init; } = Gradients ?? GradientScope.None;
}
