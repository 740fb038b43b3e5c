using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>One operation of a plan: which layers it stands for, how it is computed, and how long it took in the last step.</summary>
public sealed class PlanStep
{
    internal PlanStep(Network network, Operation operation)
    {
        Name = operation.Info.Name;
        Layers = [.. operation.Info.LayerIndices.Select(i => network.Layers[i].Name)];
        Algorithm = operation.Kernel.Name;
        MultiplyAdds = operation.Info.MultiplyAdds;
        AlgorithmMultiplyAdds = operation.AlgorithmMultiplyAdds;
        Candidates = [.. operation.Candidates.Select(c => (c.Name, c.Kernel is not null, c.Reason))];
    }

    /// <summary>The layers, joined: <c>conv1 + relu1</c>.</summary>
    public string Name { get; }

    /// <summary>Names of the layers, in the order of forward.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>How it is computed.</summary>
    public string Algorithm { get; }

    /// <summary>Multiply-adds of one image forward, counted as direct computation.</summary>
    public long MultiplyAdds { get; }

    /// <summary>
    /// Multiply-adds that the algorithm does in one forward call for the whole batch; those of Winograd's transforms do not count. Backward does
    /// as many for each of the gradients of weights and input.
    /// </summary>
    public long AlgorithmMultiplyAdds { get; }

    /// <summary>The algorithms that were asked, in order, with their answer; empty where there is only one.</summary>
    public IReadOnlyList<(string Algorithm, bool Accepted, string Reason)> Candidates { get; }

    /// <summary>Time of the last forward call.</summary>
    public TimeSpan Forward { get; internal set; }

    /// <summary>Time of the last backward call; zero if there was none.</summary>
    public TimeSpan Backward { get; internal set; }

    /// <summary>Time of the last preparation of weights; zero for operations without weights.</summary>
    public TimeSpan Prepare { get; internal set; }
}
