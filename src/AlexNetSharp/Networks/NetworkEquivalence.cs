using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Tells whether two networks compute the same in inference, however their layers are called and their windows described.</summary>
internal static class NetworkEquivalence
{
    /// <summary>Rounding of constants that are stored in another form: alpha times or over the window's size.</summary>
    private const float Rounding = 1e-6f;

    /// <summary>Whether <paramref name="a"/> and <paramref name="b"/> have the same input, and compute the same with the same weights in the same order.</summary>
    public static bool Same(Network a, Network b)
    {
        if (a.InputShape != b.InputShape || a.OutputShape.Length != b.OutputShape.Length)
            return false;
        List<Step> first = Steps(a), second = Steps(b);
        return first.Count == second.Count && first.Zip(second).All(pair => Same(pair.First, pair.Second));
    }

    /// <summary>What a layer computes: kind, whole numbers that must be equal, constants that may be rounded.</summary>
    private readonly record struct Step(string Kind, int[] Numbers, float[] Constants);

    private static bool Same(Step a, Step b) =>
        a.Kind == b.Kind && a.Numbers.AsSpan().SequenceEqual(b.Numbers)
        && a.Constants.Zip(b.Constants).All(pair => Math.Abs(pair.First - pair.Second) <= Rounding * Math.Max(Math.Abs(pair.First), Math.Abs(pair.Second)));

    /// <summary>The layers without those that change nothing: dropout, flatten, pools of one value.</summary>
    private static List<Step> Steps(Network network)
    {
        var steps = new List<Step>();
        for (int i = 0; i < network.Layers.Count; i++)
        {
            (Shape input, Shape output) = (network.InputOf(i), network.OutputOf(i));
            if (Of(network.Layers[i], input, output) is { } step)
                steps.Add(step);
        }
        return steps;
    }

    private static Step? Of(Layer layer, Shape input, Shape output)
    {
        switch (layer)
        {
            case Conv2d conv:
                return new("conv", [conv.KernelSize, conv.Stride, conv.Groups, .. Before(conv.Padding, input, conv.KernelSize, conv.Stride), .. Sizes(output)], []);
            case Linear linear:
                return new("linear", [linear.OutputFeatures], []);
            case ReLU:
                return new("relu", [], []);
            case LocalResponseNorm norm:
                return new("lrn", [norm.Radius], [norm.Bias, norm.Alpha, norm.Beta]);
            case WithinChannelNorm norm:
                return new("norm", [norm.Size], [norm.Alpha, norm.Beta]);
            case MaxPool2d pool when pool is { KernelSize: 1, Stride: 1 } && input == output:
                return null;
            case MaxPool2d pool:
                return new("max", [pool.KernelSize, pool.Stride, .. Before(pool.Padding, input, pool.KernelSize, pool.Stride), .. Sizes(output)], []);
            case AvgPool2d pool when pool is { KernelSize: 1, Stride: 1 } && input == output:
                return null;
            case AvgPool2d pool when output is { Height: 1, Width: 1 } && input.Height == pool.KernelSize && input.Width == pool.KernelSize && pool.Padding.IsValid:
                return new("mean", [], []);
            case AvgPool2d pool:
                bool counts = pool.CountPadding && !pool.Padding.IsValid;
                return new("average", [pool.KernelSize, pool.Stride, counts ? 1 : 0, .. Before(pool.Padding, input, pool.KernelSize, pool.Stride), .. Sizes(output)], []);
            case AdaptiveAvgPool2d when input == output:
                return null;
            case AdaptiveAvgPool2d when output is { Height: 1, Width: 1 }:
                return new("mean", [], []);
            // Windows of the same size everywhere are an ordinary pool.
            case AdaptiveAvgPool2d when input.Height % output.Height == 0 && input.Height / output.Height == input.Width / output.Width && input.Width % output.Width == 0:
                return new("average", [input.Height / output.Height, input.Height / output.Height, 0, 0, 0, .. Sizes(output)], []);
            case AdaptiveAvgPool2d:
                return new("adaptive", Sizes(output), []);
            default:
                return null;
        }
    }

    private static int[] Sizes(Shape shape) => [shape.Height, shape.Width, shape.Channels];

    private static int[] Before(Padding padding, Shape input, int kernel, int stride) =>
        [padding.Vertical(input.Height, kernel, stride).Before, padding.Horizontal(input.Width, kernel, stride).Before];
}
