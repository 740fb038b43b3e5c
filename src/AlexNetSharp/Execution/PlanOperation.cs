using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>What an operation computes in a training step.</summary>
public enum OperationMode
{
    /// <summary>Forward only, as in inference: nothing up to here learns, and dropout is off.</summary>
    Inference,

    /// <summary>The gradient of its input: something before it learns, but its own parameters, if any, do not.</summary>
    PassesGradient,

    /// <summary>The gradients of its parameters, and of its input if something before it learns too.</summary>
    Learns,
}

/// <summary>One operation of a plan: the layers it computes, the algorithm, and its time in the last step.</summary>
public sealed class PlanOperation
{
    private readonly Operation _operation;

    internal PlanOperation(Network network, Operation operation, OperationMode mode)
    {
        Name = operation.Info.Name;
        Layers = [.. operation.Info.LayerIndices.Select(i => network.Layers[i].Name)];
        Algorithm = operation.Kernel.Name;
        Mode = mode;
        MultiplyAdds = operation.Info.MultiplyAdds;
        AlgorithmMultiplyAdds = operation.AlgorithmMultiplyAdds;
        _operation = operation;
        Candidates = [.. operation.Candidates.Select(c => (c.Name, c.Kernel is not null, c.Reason))];
    }

    /// <summary>The layers that compute something, joined: <c>conv1 + relu1</c>.</summary>
    public string Name { get; }

    /// <summary>Names of the layers, in the order of forward, with those that compute nothing: a flatten, a dropout that is off.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>The algorithm.</summary>
    public string Algorithm { get; }

    /// <summary>What it computes in a training step.</summary>
    public OperationMode Mode { get; }

    /// <summary>Multiply-adds of the forward pass for one image, counted as direct computation.</summary>
    internal long MultiplyAdds { get; }

    /// <summary>
    /// Multiply-adds of the algorithm in one forward call for the whole batch, without those of Winograd's transforms. The backward pass needs
    /// as many for each of the gradients of weights and input.
    /// </summary>
    public long AlgorithmMultiplyAdds { get; }

    /// <summary>The algorithms considered, in order, with the decision and its reason; empty if there is only one.</summary>
    public IReadOnlyList<(string Algorithm, bool Accepted, string Reason)> Candidates { get; }

    /// <summary>
    /// How many threads' worth of speed a direction can reach at best on as many processors, by the pieces that its work is cut into; null where these are
    /// many and equal at any size.
    /// </summary>
    public double? ScalingBound(bool backward, int threads) =>
        _operation.KernelFor(threads).WorkStages(backward, threads) is { Count: > 0 } stages ? Kernels.WorkStage.Bound(stages, threads) : null;

    /// <summary>Time of the last forward call.</summary>
    public TimeSpan Forward { get; internal set; }

    /// <summary>Time of the last backward call; zero if there was none.</summary>
    public TimeSpan Backward { get; internal set; }

    /// <summary>Time of the last preparation of weights; zero for operations without weights.</summary>
    public TimeSpan Prepare { get; internal set; }
}
