using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>What an operation of a plan has to do in a step of training.</summary>
public enum OperationMode
{
    /// <summary>Forward only, as in inference: it lies before everything that learns, and dropout there is off.</summary>
    Inference,

    /// <summary>Backward to its input: something before it learns, its own parameters, if any, do not.</summary>
    PassesGradient,

    /// <summary>Backward to its parameters, and to its input where something before it learns too.</summary>
    Learns,
}

/// <summary>One operation of a plan: which layers it stands for, how it is computed, and how long it took in the last step.</summary>
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

    /// <summary>How it is computed.</summary>
    public string Algorithm { get; }

    /// <summary>What it has to do: forward alone, or backward too.</summary>
    public OperationMode Mode { get; }

    /// <summary>Multiply-adds of one image forward, counted as direct computation.</summary>
    public long MultiplyAdds { get; }

    /// <summary>
    /// Multiply-adds that the algorithm does in one forward call for the whole batch; those of Winograd's transforms do not count. Backward does
    /// as many for each of the gradients of weights and input.
    /// </summary>
    public long AlgorithmMultiplyAdds { get; }

    /// <summary>The algorithms that were asked, in order, with their answer; empty where there is only one.</summary>
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
