using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Oracles;

/// <summary>Builds the float64 oracle of a network's description. Output sizes come from the oracle's own formulas.</summary>
internal static class OracleFromNetwork
{
    /// <summary>The oracle with the values of <paramref name="parameters"/>.</summary>
    /// <param name="network">The description.</param>
    /// <param name="parameters">Values.</param>
    /// <param name="kept">For training, which values a dropout layer kept, by its name; without, dropout is the identity.</param>
    public static OracleNetwork Create(Network network, ParameterSet parameters, Func<string, bool[]>? kept = null)
    {
        var oracle = new OracleNetwork([.. network.Layers.Select((layer, i) => Layer(layer, network.InputOf(i), kept))]);
        foreach (OracleParameter p in oracle.Parameters)
            Read(parameters[p.Name]).CopyTo(p.Value, 0);
        return oracle;
    }

    /// <summary>The values of a parameter or gradient in the dense order.</summary>
    public static double[] Read(Parameter parameter) => Array.ConvertAll(ReadFloats(parameter), static v => (double)v);

    /// <summary>The values of a parameter or gradient in the dense order.</summary>
    public static float[] ReadFloats(Parameter parameter)
    {
        var values = new float[parameter.Spec.Length];
        parameter.CopyTo(values);
        return values;
    }

    private static OracleLayer Layer(Layer layer, Shape input, Func<string, bool[]>? kept) => layer switch
    {
        Conv2d conv => new OracleConvolutionLayer(conv.Name, Convolution(conv, input), input.Channels),
        Linear linear => new OracleSequence(
            OracleFunction.Flatten(), new OracleLinearLayer(linear.Name, checked((int)input.Length), linear.OutputFeatures)),
        ReLU => OracleFunction.ReLU(),
        Flatten => OracleFunction.Flatten(),
        Dropout dropout when kept is not null => OracleFunction.Dropout(kept(dropout.Name), 1.0 - dropout.Rate),
        Dropout => new OracleFunction(x => x, (_, g) => g),
        LocalResponseNorm norm => OracleFunction.LocalResponseNorm(norm.Radius, norm.Bias, norm.Alpha, norm.Beta),
        WithinChannelNorm norm => OracleFunction.WithinChannelNorm(norm.Size, norm.Alpha, norm.Beta),
        MaxPool2d pool => OracleFunction.MaxPool(Window(pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, input)),
        AvgPool2d pool => OracleFunction.AveragePool(
            Window(pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, input), pool.CountPadding),
        AdaptiveAvgPool2d pool => OracleFunction.AdaptiveAveragePool(pool.OutputHeight, pool.OutputWidth),
        _ => throw new NotSupportedException($"The oracle has no layer of type {layer.GetType().Name}; write it."),
    };

    private static OracleConvolution Convolution(Conv2d conv, Shape input)
    {
        ((int top, int bottom), (int left, int right)) = Sides(conv.Padding, input, conv.KernelSize, conv.Stride);
        return new OracleConvolution(
            conv.KernelSize, conv.KernelSize, conv.OutputChannels, conv.Stride, conv.Stride, top, bottom, left, right, conv.Groups);
    }

    private static OracleWindow Window(int size, int stride, Padding padding, bool roundUp, Shape input)
    {
        ((int top, int bottom), (int left, int right)) = Sides(padding, input, size, stride);
        return new OracleWindow(size, size, stride, stride, top, bottom, left, right, roundUp);
    }

    private static ((int, int) Rows, (int, int) Columns) Sides(Padding padding, Shape input, int kernel, int stride) => padding.IsSame
        ? (OracleConvolution.Same(input.Height, kernel, stride), OracleConvolution.Same(input.Width, kernel, stride))
        : ((padding.Top, padding.Bottom), (padding.Left, padding.Right));
}
