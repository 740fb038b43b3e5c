using System.Globalization;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The nodes and constants of an ONNX graph that computes a network on NCHW input.</summary>
/// <remarks>
/// Operators are those of operator set 17: https://onnx.ai/onnx/operators/. Paddings are written out for the network's image size,
/// because SAME's odd zero goes after and rounded-up pools overhang by an amount that depends on the size.
/// </remarks>
internal sealed class OnnxGraph
{
    private readonly Network _network;
    private string _current = InputName;

    /// <summary>Lists the nodes of <paramref name="network"/>.</summary>
    /// <exception cref="NotSupportedException">A layer cannot be expressed; the message names it.</exception>
    public OnnxGraph(Network network)
    {
        _network = network;
        for (int i = 0; i < network.Layers.Count; i++)
            Add(network.Layers[i], network.InputOf(i), network.OutputOf(i));
        // The last node's output gets the graph's name for it.
        if (_current == InputName)
            Node("Identity", "output", [InputName]);
        OutputName = _current;
    }

    /// <summary>Name of the graph's input.</summary>
    public static string InputName => "input";

    /// <summary>Name of the graph's output.</summary>
    public string OutputName { get; }

    /// <summary>The nodes as NodeProto messages, in the order of computation.</summary>
    public List<ProtoWriter> Nodes { get; } = [];

    /// <summary>Constants beside the network's parameters.</summary>
    public List<TensorSource> Constants { get; } = [];

    private void Add(Layer layer, Shape input, Shape output)
    {
        switch (layer)
        {
            case Conv2d conv:
                Node("Conv", conv.Name, [_current, conv.Name + ".weight", conv.Name + ".bias"],
                    [.. Window(conv.KernelSize, conv.Stride, conv.Padding, input, output), Attribute("group", conv.Groups)]);
                break;
            case ReLU:
                Node("Relu", layer.Name, [_current]);
                break;
            case LocalResponseNorm norm:
                // ONNX divides alpha by the window's size, as Caffe does; the description does not.
                int size = 2 * norm.Radius + 1;
                Node("LRN", norm.Name, [_current],
                    Attribute("size", size), Attribute("alpha", norm.Alpha * size), Attribute("beta", norm.Beta), Attribute("bias", norm.Bias));
                break;
            case WithinChannelNorm norm:
                AddWithinChannelNorm(norm);
                break;
            case MaxPool2d pool:
                Node("MaxPool", pool.Name, [_current], Window(pool.KernelSize, pool.Stride, pool.Padding, input, output));
                break;
            case AvgPool2d pool:
                AddAveragePool(pool, input, output);
                break;
            case AdaptiveAvgPool2d:
                AddAdaptivePool(layer.Name, input, output);
                break;
            case Flatten:
                if (!input.IsVector)
                    Node("Flatten", layer.Name, [_current], Attribute("axis", 1));
                break;
            case Linear linear:
                if (!input.IsVector)
                    Node("Flatten", linear.Name + ".flatten", [_current], Attribute("axis", 1));
                Node("Gemm", linear.Name, [_current, linear.Name + ".weight", linear.Name + ".bias"], Attribute("transB", 1));
                break;
            case Dropout:
                break;
            default:
                throw new NotSupportedException($"layer '{layer.Name}' of network '{_network.Name}' cannot be written as ONNX");
        }
    }

    /// <summary>x / (1 + alpha · mean of x² in the window)^beta, the window's zeros included.</summary>
    private void AddWithinChannelNorm(WithinChannelNorm norm)
    {
        string x = _current;
        int half = norm.Size / 2;
        Node("Mul", norm.Name + ".square", [x, x]);
        Node("AveragePool", norm.Name + ".mean", [_current], Sizes("kernel_shape", norm.Size, norm.Size), Sizes("strides", 1, 1),
            Sizes("pads", half, half, half, half), Attribute("count_include_pad", 1));
        Node("Mul", norm.Name + ".scaled", [_current, Constant(norm.Name + ".alpha", [1], norm.Alpha)]);
        Node("Add", norm.Name + ".sum", [_current, Constant(norm.Name + ".one", [1], 1)]);
        Node("Pow", norm.Name + ".power", [_current, Constant(norm.Name + ".beta", [1], norm.Beta)]);
        Node("Div", norm.Name, [x, _current]);
    }

    private void AddAveragePool(AvgPool2d pool, Shape input, Shape output)
    {
        WindowSpan vertical = Fit(pool.Padding.Vertical(input.Height, pool.KernelSize, pool.Stride, pool.RoundUp), pool.KernelSize, pool.Stride, input.Height);
        WindowSpan horizontal = Fit(pool.Padding.Horizontal(input.Width, pool.KernelSize, pool.Stride, pool.RoundUp), pool.KernelSize, pool.Stride, input.Width);
        // What overhangs a rounded-up input never counts in the divisor; ONNX cannot tell it from padding that does.
        bool padded = !pool.Padding.IsValid, overhangs = pool.RoundUp && (vertical.After > pool.Padding.Bottom || horizontal.After > pool.Padding.Right);
        if (padded && overhangs && pool.CountPadding && !pool.Padding.IsSame)
            throw new NotSupportedException($"layer '{pool.Name}' both counts its padding and overhangs it, which ONNX cannot express; use another image size");
        Node("AveragePool", pool.Name, [_current],
            [.. Window(pool.KernelSize, pool.Stride, pool.Padding, input, output), Attribute("count_include_pad", padded && pool.CountPadding ? 1 : 0)]);
    }

    /// <summary>Windows of equal size as a pool; otherwise two products with matrices of means, Y = R · X · Cᵀ.</summary>
    private void AddAdaptivePool(string name, Shape input, Shape output)
    {
        if ((input.Height, input.Width) == (output.Height, output.Width))
            return;
        if (input.Height % output.Height == 0 && input.Width % output.Width == 0)
        {
            (int kh, int kw) = (input.Height / output.Height, input.Width / output.Width);
            Node("AveragePool", name, [_current], Sizes("kernel_shape", kh, kw), Sizes("strides", kh, kw));
            return;
        }
        float[] rows = Means(input.Height, output.Height), columns = Means(input.Width, output.Width);
        float[] columnsTransposed = new float[columns.Length];
        for (int i = 0; i < output.Width; i++)
            for (int j = 0; j < input.Width; j++)
                columnsTransposed[j * output.Width + i] = columns[i * input.Width + j];
        Node("MatMul", name + ".columns", [_current, Constant(name + ".column_means", [input.Width, output.Width], columnsTransposed)]);
        Node("MatMul", name, [Constant(name + ".row_means", [output.Height, input.Height], rows), _current]);
    }

    /// <summary>Row i holds 1 / n at the n places that window i covers: floor(i · input / output) to ceil((i + 1) · input / output).</summary>
    private static float[] Means(int input, int output)
    {
        float[] means = new float[output * input];
        for (int i = 0; i < output; i++)
        {
            int start = i * input / output, end = ((i + 1) * input + output - 1) / output;
            means.AsSpan(i * input + start, end - start).Fill(1f / (end - start));
        }
        return means;
    }

    private static ProtoWriter[] Window(int kernel, int stride, Padding padding, Shape input, Shape output)
    {
        WindowSpan vertical = Fit(padding.Vertical(input.Height, kernel, stride) with { Count = output.Height }, kernel, stride, input.Height);
        WindowSpan horizontal = Fit(padding.Horizontal(input.Width, kernel, stride) with { Count = output.Width }, kernel, stride, input.Width);
        return
        [
            Sizes("kernel_shape", kernel, kernel),
            Sizes("strides", stride, stride),
            Sizes("pads", vertical.Before, horizontal.Before, vertical.After, horizontal.After),
        ];
    }

    /// <summary>The zeros behind the input that exactly <see cref="WindowSpan.Count"/> windows need.</summary>
    private static WindowSpan Fit(WindowSpan span, int kernel, int stride, int input) =>
        span with { After = Math.Max(0, (span.Count - 1) * stride + kernel - input - span.Before) };

    private string Constant(string name, long[] shape, params float[] values)
    {
        Constants.Add(TensorSource.Of(name, shape, values));
        return name;
    }

    private void Node(string operatorName, string name, string[] inputs, params ProtoWriter[] attributes)
    {
        var node = new ProtoWriter();
        foreach (string input in inputs)
            node.Text(1, input);
        node.Text(2, name).Text(3, name).Text(4, operatorName);
        foreach (ProtoWriter attribute in attributes)
            node.Message(5, attribute);
        Nodes.Add(node);
        _current = name;
    }

    // AttributeProto: name 1, f 2, i 3, ints 8, type 20 (1 float, 2 int, 7 ints).
    private static ProtoWriter Attribute(string name, long value) => new ProtoWriter().Text(1, name).Number(3, value).Number(20, 2);

    private static ProtoWriter Attribute(string name, float value) => new ProtoWriter().Text(1, name).Float(2, value).Number(20, 1);

    private static ProtoWriter Sizes(string name, params int[] values)
    {
        ProtoWriter attribute = new ProtoWriter().Text(1, name);
        foreach (int value in values)
            attribute.Number(8, value);
        return attribute.Number(20, 7);
    }
}
