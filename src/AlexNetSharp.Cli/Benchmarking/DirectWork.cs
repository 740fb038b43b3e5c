using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Multiply-adds of a step, counted as direct computation whatever the algorithm, so one that needs fewer shows as faster.</summary>
internal sealed class DirectWork
{
    private readonly Network _network;
    private readonly HashSet<string> _learning;
    private readonly int _firstWithGradient;

    /// <summary>Counts the multiply-adds of one image.</summary>
    public DirectWork(Network network, GradientScope gradients)
    {
        _network = network;
        _learning = [.. gradients.In(network).Select(parameter => parameter.Name)];
        _firstWithGradient = Enumerable.Range(0, network.Layers.Count).FirstOrDefault(HasWeightGradient, network.Layers.Count);
    }

    /// <summary>Multiply-adds of the forward pass for one image.</summary>
    public long Forward => _network.MultiplyAdds;

    /// <summary>Multiply-adds of the forward and backward passes for one image.</summary>
    public long ForwardBackward => Forward + Enumerable.Range(0, _network.Layers.Count).Sum(BackwardOf);

    /// <summary>Multiply-adds of a layer's forward pass for one image.</summary>
    public long ForwardOf(int layer) => _network.MultiplyAddsOf(layer);

    /// <summary>Multiply-adds of a layer's backward pass for one image.</summary>
    /// <remarks>
    /// The weight gradient takes as many as the forward pass, and so does the input gradient, which is needed only if an earlier layer
    /// needs a gradient.
    /// </remarks>
    public long BackwardOf(int layer) =>
        ForwardOf(layer) * ((HasWeightGradient(layer) ? 1 : 0) + (layer > _firstWithGradient ? 1 : 0));

    private bool HasWeightGradient(int layer) => _learning.Contains($"{_network.Layers[layer].Name}.weight");
}
