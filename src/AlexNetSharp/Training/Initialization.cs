using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>Published initialization schemes; each returns the same network with other initializers.</summary>
public static class Initialization
{
    /// <summary>
    /// The notebook's: kernels from a truncated normal of deviation 0.1 with biases 0; fully connected weights and biases from a truncated
    /// normal of deviation 1. Outputs are then huge: fine for benchmarks, not for training.
    /// </summary>
    public static Network Notebook(Network network) => Rewrite(
        network,
        (_, _) => (Initializer.TruncatedNormal(0.1f), Initializer.Constant(0)),
        (_, _) => (Initializer.TruncatedNormal(1), Initializer.TruncatedNormal(1)));

    /// <summary>
    /// The paper's (Krizhevsky et al. 2012, section 5): weights from a normal of deviation 0.01; biases 1 in the second, fourth and fifth
    /// convolution and in the fully connected hidden layers, 0 elsewhere.
    /// </summary>
    public static Network Paper(Network network) => Rewrite(
        network,
        (_, index) => (Initializer.Normal(0.01f), Initializer.Constant(index is 1 or 3 or 4 ? 1 : 0)),
        (_, isHidden) => (Initializer.Normal(0.01f), Initializer.Constant(isHidden ? 1 : 0)));

    /// <summary>He et al. 2015: weights from a normal of variance 2 / fan-in, biases 0. A network of any depth learns from the first step.</summary>
    public static Network He(Network network) => Rewrite(
        network,
        (_, _) => (Initializer.He, Initializer.Constant(0)),
        (_, _) => (Initializer.He, Initializer.Constant(0)));

    /// <summary>Sets the initializers of all convolutions (by index) and fully connected layers (by whether one follows).</summary>
    private static Network Rewrite(
        Network network,
        Func<Conv2d, int, (Initializer Weight, Initializer Bias)> convolution,
        Func<Linear, bool, (Initializer Weight, Initializer Bias)> linear)
    {
        ArgumentNullException.ThrowIfNull(network);
        int convolutions = 0;
        int linearsLeft = network.Layers.OfType<Linear>().Count();
        var layers = new List<Layer>();
        foreach (Layer layer in network.Layers)
            switch (layer)
            {
                case Conv2d conv:
                    (Initializer kernels, Initializer convBias) = convolution(conv, convolutions++);
                    layers.Add(conv.With(weight: kernels, bias: convBias));
                    break;
                case Linear dense:
                    (Initializer matrix, Initializer bias) = linear(dense, --linearsLeft > 0);
                    layers.Add(dense.With(weight: matrix, bias: bias));
                    break;
                default:
                    layers.Add(layer);
                    break;
            }
        return new Network(network.Name, network.InputShape, layers);
    }
}
