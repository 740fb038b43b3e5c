using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Multiply-adds of a step, counted as direct computation whatever the algorithm: one that needs fewer looks faster, as it is.</summary>
internal sealed class DirectWork
{
    private readonly Network _network;
    private readonly HashSet<string> _learning;
    private readonly int _firstWithGradient;

    /// <summary>Counts for one image.</summary>
    public DirectWork(Network network, GradientScope gradients)
    {
        _network = network;
        _learning = [.. gradients.In(network).Select(parameter => parameter.Name)];
        _firstWithGradient = Enumerable.Range(0, network.Layers.Count).FirstOrDefault(HasWeightGradient, network.Layers.Count);
    }

    /// <summary>Multiply-adds of one image forward.</summary>
    public long Forward => _network.MultiplyAdds;

    /// <summary>Multiply-adds of one image forward and backward.</summary>
    public long ForwardBackward => Forward + Enumerable.Range(0, _network.Layers.Count).Sum(BackwardOf);

    /// <summary>Multiply-adds of one image in a layer's forward.</summary>
    public long ForwardOf(int layer) => _network.MultiplyAddsOf(layer);

    /// <summary>Multiply-adds of one image in a layer's backward.</summary>
    /// <remarks>
    /// The gradient of the weights takes as many as forward, and so does the gradient of the input, which is needed only where a layer
    /// before has a gradient of its own.
    /// </remarks>
    public long BackwardOf(int layer) =>
        ForwardOf(layer) * ((HasWeightGradient(layer) ? 1 : 0) + (layer > _firstWithGradient ? 1 : 0));

    private bool HasWeightGradient(int layer) => _learning.Contains($"{_network.Layers[layer].Name}.weight");
}
