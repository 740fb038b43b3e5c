using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Execution;

/// <summary>The part of each layer's output that anybody reads.</summary>
/// <remarks>
/// A pooling layer whose windows do not fill its input never reads the last rows and columns: the 3×3 windows of stride 2 over the
/// notebook's 56×56 maps end at row 54. Then that edge need not be computed, and its gradient is 0. What the layers before compute
/// position by position (convolution, ReLU, normalization across channels) is cut to the same size.
/// </remarks>
internal static class NeededShapes
{
    /// <summary>Shapes by index: the network's input at 0, the output of layer i at i + 1; at most as large as the network's own.</summary>
    public static Shape[] Of(Network network)
    {
        var shapes = new Shape[network.Layers.Count + 1];
        shapes[0] = network.InputShape;
        for (int i = 0; i < network.Layers.Count; i++)
            shapes[i + 1] = network.OutputOf(i);
        for (int i = network.Layers.Count - 1; i > 0; i--)
        {
            // Only what a convolution makes can be cut; so go back from a layer that reads less to the convolution.
            Shape read = InputReadBy(network.Layers[i], shapes[i], shapes[i + 1]);
            if (read != shapes[i] && ReachesConvolution(network, i - 1))
                for (int k = i; k > 0 && shapes[k] != read; k--)
                {
                    shapes[k] = read;
                    if (network.Layers[k - 1] is Conv2d)
                        break;
                }
        }
        return shapes;
    }

    private static Shape InputReadBy(Layer layer, Shape input, Shape output) => layer switch
    {
        MaxPool2d { RoundUp: false } pool => Cut(input, output, pool.KernelSize, pool.Stride, pool.Padding),
        AvgPool2d { RoundUp: false } pool => Cut(input, output, pool.KernelSize, pool.Stride, pool.Padding),
        _ => input,
    };

    private static Shape Cut(Shape input, Shape output, int kernel, int stride, Padding padding)
    {
        // With zeros behind the input, cutting it would move them.
        if (!padding.IsValid)
            return input;
        int rows = (output.Height - 1) * stride + kernel, columns = (output.Width - 1) * stride + kernel;
        return new Shape(Math.Min(input.Height, rows), Math.Min(input.Width, columns), input.Channels);
    }

    private static bool ReachesConvolution(Network network, int layer)
    {
        while (layer >= 0 && network.Layers[layer] is ReLU or LocalResponseNorm)
            layer--;
        return layer >= 0 && network.Layers[layer] is Conv2d;
    }
}
