using AlexNetSharp.Execution;

namespace AlexNetSharp.Rivals;

/// <summary>A program that runs the workload.</summary>
internal interface IRunner : IDisposable
{
    /// <summary>Name and version of the program.</summary>
    string Name { get; }

    /// <summary>Runs one forward pass over the batch, to the logits.</summary>
    void Forward();

    /// <summary>Returns the logits of the last forward pass, [batch, classes].</summary>
    float[] Logits();
}

/// <summary>A runner that also computes gradients.</summary>
internal interface ITrainingRunner : IRunner
{
    /// <summary>Runs forward, the objective sum(t²)/2, and backward to the gradients in the scope.</summary>
    void ForwardBackward();

    /// <summary>Returns the gradient of a parameter in PyTorch's layout.</summary>
    float[] Gradient(string parameter);
}

/// <summary>Settings of a runner.</summary>
/// <param name="Threads">Number of compute threads.</param>
/// <param name="Dropout">Whether dropout is active, as it always is in the notebook's graph.</param>
/// <param name="Gradients">Which gradients are computed; null for none.</param>
/// <param name="Precision">Data type of our fully connected weights.</param>
internal sealed record RunnerOptions(int Threads, bool Dropout = false, GradientScope? Gradients = null, Precision Precision = Precision.Float32)
{
    /// <summary>Which gradients are computed.</summary>
    public GradientScope Gradients { get; init; } = Gradients ?? GradientScope.None;
}
