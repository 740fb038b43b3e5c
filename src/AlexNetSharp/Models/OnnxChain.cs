using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Reads the graph of an ONNX file as a chain of layers, from its input to its output.</summary>
/// <remarks>
/// Each value goes into one node, and each node is of a kind that a layer here computes; anything else is refused by the node's name and
/// type. Maps may change the order of their dimensions on the way (<see cref="OnnxOrders"/>), as long as each layer gets the one that it
/// knows. Operators are those of operator set 3 to the newest: https://github.com/onnx/onnx/blob/main/docs/Changelog.md. A softmax at the end
/// is left out, for networks here end in logits.
/// </remarks>
internal sealed class OnnxChain
{
    private const int MostLayers = 1000;

    private static readonly string[] s_exporters = ["torch", "main_graph", "tf2onnx", "graph"];

    private readonly OnnxFile _graph;
    private readonly OnnxConstants _constants;
    private readonly Dictionary<OnnxNode, OnnxLayer> _weights;
    private readonly Dictionary<string, List<OnnxNode>> _readers = [];
    private readonly List<Layer> _layers = [];
    private readonly HashSet<string> _names = [];
    private readonly OnnxOrders _orders;
    private readonly Shape _input;
    private Shape _shape;

    /// <summary>Zeros that a Pad has put around the value, which the next node takes into its own: top, left, bottom, right.</summary>
    private (OnnxNode Node, int[] Sizes)? _pad;

    /// <summary>The node that has changed the order of dimensions last.</summary>
    private OnnxNode? _turn;

    private OnnxChain(OnnxFile graph, long fileBytes, Shape input)
    {
        _graph = graph;
        _orders = graph.Orders;
        _constants = new OnnxConstants(graph, fileBytes);
        _weights = graph.Layers.ToDictionary(layer => layer.Node);
        _input = _shape = input;
        foreach (OnnxNode node in graph.Nodes)
            foreach (string name in node.Inputs.Where(name => name.Length > 0).Distinct())
                (_readers.TryGetValue(name, out List<OnnxNode>? readers) ? readers : _readers[name] = []).Add(node);
    }

    /// <summary>The network that <paramref name="file"/> computes; its parameters are <see cref="TensorFile.Layers"/> in their order.</summary>
    /// <exception cref="InvalidDataException">The graph is no chain, or a node is of another kind; the message names it.</exception>
    public static Network Read(TensorFile file)
    {
        OnnxFile graph = file.Onnx!;
        long fileBytes = file.Files.Sum(part => part.Length);
        if (graph.Inputs is not [OnnxInput input])
            throw FormatError.At(graph.Path, 0, FormattableString.Invariant($"the graph has {graph.Inputs.Count} inputs; only chains from one image to one output are supported"));
        InvalidDataException? fault = null;
        foreach (Shape shape in Shapes(graph, input))
        {
            try
            {
                return new OnnxChain(graph, fileBytes, shape).Build(input.Name);
            }
            catch (InvalidDataException e)
            {
                fault ??= e;
            }
        }
        throw fault!;
    }

    /// <summary>The shape of an image; where height and width are left open, the sizes of the networks that are known here.</summary>
    private static IEnumerable<Shape> Shapes(OnnxFile graph, OnnxInput input)
    {
        const int most = 1 << 16;
        IReadOnlyList<long> sizes = input.Shape;
        if (sizes is [_, > 0 and <= int.MaxValue and var features])
            return [Shape.Vector((int)features)];
        if (sizes is [_, > 0 and <= most, > 0 and <= most, > 0 and <= most])
            return [new Shape((int)Along(2), (int)Along(3), (int)Along(1))];
        long inputs = graph.Layers.Count > 0 && graph.Layers[0] is { Window: { Operator: "Conv" } first, Weight.Shape.Length: 4 } layer
            ? layer.Weight.Shape[1] * Math.Clamp(first.Int("group", 1), 1, most) * layer.Parts : 0;
        if (sizes.Count is not (0 or 4) || inputs is < 1 or > most)
            throw FormatError.At(graph.Path, 0, $"the input {FormatError.Quote(input.Name)} has the shape {FormatError.Shape([.. sizes])}; [batch, channels, height, width] is needed");
        return NetworkCatalog.All.Select(entry => entry.Preprocessing.CropHeight).Distinct().Select(size => new Shape(size, size, (int)inputs));

        long Along(int axis) => sizes[Array.IndexOf(graph.Orders.Input, axis)];
    }

    private Network Build(string value)
    {
        OnnxNode? last = null;
        while (Next(value) is { } node)
        {
            if (last is not null && node.Index <= last.Index)
                throw _graph.Error(node, "reads what a later node gives; the file is damaged");
            if (node.Domain is not ("" or "ai.onnx"))
                throw _graph.Error(node, $"belongs to {FormatError.Quote(node.Domain)}, not to ONNX's own operators; export the model without optimizations for a runtime");
            last = Take(node);
            if (last.Outputs.Count == 0)
                break;
            value = last.Outputs[0];
        }
        if (_pad is { } pad)
            throw _graph.Error(pad.Node, "puts zeros around the output, which is not supported");
        if (!_shape.IsVector && _shape.Height * _shape.Width != 1 && !_orders.IsChannelsFirst(value))
            throw _graph.Error(_turn!, $"makes maps of {_orders.Describe(value)} the output, which is not supported");
        if (_layers.Count == 0)
            throw FormatError.At(_graph.Path, 0, "the graph holds no layer between its input and its output");
        if (!_graph.Outputs.Contains(value) && _graph.Outputs.Count > 0)
            throw FormatError.At(_graph.Path, last?.Offset ?? 0, $"the chain from the input ends at {FormatError.Quote(value)}, which is not the graph's output {FormatError.Quote(_graph.Outputs[0])}");
        // Classes are a vector, also where they come from a pool.
        if (_shape is { IsVector: false, Height: 1, Width: 1 })
            _layers.Add(new Flatten(Unique("flatten")));
        // What exporters call every graph says less than the name of the file.
        bool isNamed = _graph.Name.Length > 0 && !s_exporters.Any(word => _graph.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase));
        string name = Printable(isNamed ? _graph.Name : Path.GetFileNameWithoutExtension(_graph.Path), "onnx");
        return Network(NetworkCatalog.Find(name) is null ? name : name + "-onnx");
    }

    /// <summary>The node that reads a value; null at the end. What only asks for its size does not count.</summary>
    private OnnxNode? Next(string value)
    {
        OnnxNode[] readers = [.. _readers.GetValueOrDefault(value, []).Where(node => node.Operator != "Shape")];
        return readers.Length switch
        {
            0 => null,
            1 => readers[0],
            _ => throw _graph.Error(readers[1], $"reads {FormatError.Quote(value)} as {readers[0]} does; only chains are supported, in which each value goes into one node"),
        };
    }

    /// <summary>Adds what a node computes.</summary>
    /// <returns>The node whose output goes on.</returns>
    private OnnxNode Take(OnnxNode node)
    {
        if (_pad is { } pad && node.Operator is not ("Conv" or "AveragePool" or "Transpose" or "Split"))
            throw _graph.Error(pad.Node, $"puts zeros around the input of {node}; only before Conv and AveragePool is that supported");
        if (node.Operator is "Conv" or "LRN" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" && !_shape.IsVector && !_orders.IsChannelsFirst(node.Input(0)))
            throw _graph.Error(_turn ?? node, $"gives {node} maps of {_orders.Describe(node.Input(0))}, where it takes [batch, channels, height, width]");
        switch (node.Operator)
        {
            case "Conv" or "Split":
                return Convolution(node);
            case "Transpose":
                Turn(node);
                break;
            case "Gemm" or "MatMul":
                return Product(node);
            case "Relu":
                Add(node, new ReLU(NameOf(node, "relu")));
                break;
            case "LRN":
                Normalization(node);
                break;
            case "MaxPool" or "AveragePool":
                Pool(node);
                break;
            case "GlobalAveragePool":
                Add(node, new AdaptiveAvgPool2d(NameOf(node, "pool"), 1, 1));
                break;
            case "GlobalMaxPool" when !_shape.IsVector && _shape.Height == _shape.Width:
                Add(node, new MaxPool2d(NameOf(node, "pool"), _shape.Height, 1));
                break;
            case "ReduceMean" when MeansMaps(node):
                Add(node, new AdaptiveAvgPool2d(NameOf(node, "pool"), 1, 1));
                if (node.Int("keepdims", 1) == 0)
                    Add(node, new Flatten(Unique("flatten")));
                break;
            case "Dropout":
                float rate = node.Has("ratio") ? node.Float("ratio", 0.5f) : _constants.Find(node.Input(1)) is { IsFloatingPoint: true, Count: 1 } ratio ? ratio.ToArray()[0] : 0.5f;
                Add(node, new Dropout(NameOf(node, "dropout"), rate is >= 0 and < 1 ? rate : 0.5f));
                break;
            case "Flatten" or "Reshape" or "Squeeze":
                Flatten(node);
                break;
            case "Pad":
                Pad(node);
                break;
            case "Identity":
                break;
            case "Cast" when node.Int("to", 0) is 1 or 10 or 11 or 16:
                break;
            case "Softmax" or "LogSoftmax" when node.Outputs.Count == 0 || Next(node.Outputs[0]) is null or { Operator: "Identity" }:
                if (!_shape.IsVector && _shape.Height * _shape.Width != 1)
                    throw _graph.Error(node, $"goes over a map of {_shape}; only a softmax over the classes at the end is supported");
                break;
            case "BatchNormalization":
                throw _graph.Error(node, "does not come right after a convolution or product, into whose weights it could be taken");
            case "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear":
                throw _graph.Error(node, "rounds activations: a quantized model, which is not supported (quantized weights alone are); export the model in float32");
            default:
                throw _graph.Error(node, "is not supported; supported are Conv, Split and Concat around groups of Conv, Relu, LRN, MaxPool, AveragePool, GlobalAveragePool, Pad, Transpose, Dropout, Flatten, Reshape, Gemm, MatMul, Add after these, BatchNormalization after Conv, Softmax at the end");
        }
        return node;
    }

    private OnnxNode Convolution(OnnxNode node)
    {
        OnnxLayer layer = WeightsOf(node);
        NamedTensor weight = layer.Weight;
        if (weight.Shape.Length != 4 || weight.Shape[2] != weight.Shape[3] || weight.Shape[2] is < 1 or > 1 << 15 || weight.Shape[0] is < 1 or > int.MaxValue)
            throw _graph.Error(node, $"has kernels of {FormatError.Shape(weight.Shape)}; square ones, [out, in, size, size], are supported");
        OnnxNode window = layer.Window;
        int kernel = (int)weight.Shape[2], stride = Stride(window);
        long groups = (long)Whole(window, "group", 1) * layer.Parts;
        RequireNoDilation(window);
        if (_shape.IsVector || weight.Shape[1] * groups != _shape.Channels)
            throw _graph.Error(node, FormattableString.Invariant($"has kernels of {FormatError.Shape(weight.Shape)} in {groups} groups, which do not fit its input of {_shape}"));
        Add(node, new Conv2d(LayerName(layer, "conv"), (int)weight.Shape[0], kernel) { Stride = stride, Groups = (int)groups, Padding = PaddingOf(window, kernel, stride) });
        return layer.Last;
    }

    private OnnxNode Product(OnnxNode node)
    {
        OnnxLayer layer = WeightsOf(node);
        NamedTensor weight = layer.Weight;
        if (node.Int("transA", 0) != 0)
            throw _graph.Error(node, "turns its input round (transA), which no fully connected layer does");
        if (!_shape.IsVector || weight.Shape[1] != _shape.Length || weight.Shape[0] is < 1 or > int.MaxValue)
            throw _graph.Error(node, FormattableString.Invariant($"has a matrix of {weight.Shape[1]} inputs, which does not fit its input of {_shape}"));
        Add(node, new Linear(LayerName(layer, "fc"), (int)weight.Shape[0]));
        return layer.Last;
    }

    private OnnxLayer WeightsOf(OnnxNode node)
    {
        if (_weights.TryGetValue(node, out OnnxLayer? layer))
            return layer;
        if (node.Operator == "Split")
            throw _graph.Error(node, "cuts its input into parts that are not those of a grouped convolution: one Conv of the same kernel for each, all joined in their order by one Concat");
        string? source = node.Input(1);
        throw _graph.Error(node, source is null ? "has no weights"
            : _constants.Producer(source) is { } producer ? $"has weights that {producer} computes; only constants behind Constant, Identity, Cast, Transpose, Reshape, Split and DequantizeLinear are supported"
            : $"has weights {FormatError.Quote(source)} that are no constant of floating-point numbers");
    }

    private void Normalization(OnnxNode node)
    {
        int size = Whole(node, "size", 0);
        if (size % 2 == 0)
            throw _graph.Error(node, FormattableString.Invariant($"has a window of {size} channels; an odd number is needed"));
        // ONNX divides alpha by the window's size, as Caffe does; the description does not.
        Add(node, new LocalResponseNorm(NameOf(node, "norm"), size / 2, node.Float("bias", 1), node.Float("alpha", 1e-4f) / size, node.Float("beta", 0.75f)));
    }

    /// <summary>Zeros around the maps; an exporter writes them as a node of their own, often none.</summary>
    private void Pad(OnnxNode node)
    {
        const int most = 1 << 15;
        IReadOnlyList<long>? pads = node.Ints("pads") ?? node.Ints("paddings") ?? _constants.Integers(node.Input(1));
        bool zeros = node.Float("value", 0) == 0 && (node.Input(2) is not { } value || _constants.Find(value) is { IsFloatingPoint: true, Count: 1 } constant && constant.ToArray()[0] == 0);
        if (node.Text("mode", "constant") != "constant" || !zeros || node.Input(3) is not null || _shape.IsVector || pads is not { Count: 8 }
            || ChannelsFirst(node, pads.Take(4)).Concat(ChannelsFirst(node, pads.Skip(4))).ToArray() is not [0, 0, >= 0 and < most and var top, >= 0 and < most and var left, 0, 0, >= 0 and < most and var bottom, >= 0 and < most and var right])
            throw _graph.Error(node, "does something else than put a constant number of zeros around maps, which is not supported");
        if (top + left + bottom + right > 0)
            _pad = (node, [(int)top, (int)left, (int)bottom, (int)right]);
    }

    private void Pool(OnnxNode node)
    {
        IReadOnlyList<long> shape = node.Ints("kernel_shape") ?? [];
        if (shape is not [> 0 and < 1 << 15 and var kernel, var other] || kernel != other)
            throw _graph.Error(node, $"has windows of {FormatError.Shape([.. shape])}; square ones are supported");
        RequireNoDilation(node);
        int stride = Stride(node);
        // Zeros that stand in the value itself count in a mean.
        bool padded = _pad is not null;
        Padding padding = PaddingOf(node, (int)kernel, stride);
        bool roundUp = node.Int("ceil_mode", 0) != 0, counts = node.Int("count_include_pad", 0) != 0 || padded;
        Add(node, node.Operator == "MaxPool"
            ? new MaxPool2d(NameOf(node, "pool"), (int)kernel, stride) { Padding = padding, RoundUp = roundUp }
            : new AvgPool2d(NameOf(node, "pool"), (int)kernel, stride) { Padding = padding, RoundUp = roundUp, CountPadding = counts });
    }

    /// <summary>Another order of dimensions, which the next layers have to fit.</summary>
    private void Turn(OnnxNode node)
    {
        IReadOnlyList<long> axes = node.Ints("perm") ?? [];
        if (_shape.IsVector ? axes is not [0, 1] : axes is not [0, _, _, _] || !axes.Order().SequenceEqual([0L, 1, 2, 3]))
            throw _graph.Error(node, $"turns dimensions by {FormatError.Shape([.. axes])}; only those of maps, [batch, …], can change their order");
        _turn = node;
    }

    /// <summary>One value for each dimension of a node's input, in the order batch, channels, height, width.</summary>
    private IEnumerable<long> ChannelsFirst(OnnxNode node, IEnumerable<long> values) =>
        values.Zip(_orders.Of(node.Input(0)), (value, axis) => (value, axis)).OrderBy(pair => pair.axis).Select(pair => pair.value);

    /// <summary>Whether a mean goes over height and width, all of them.</summary>
    private bool MeansMaps(OnnxNode node) => !_shape.IsVector && AreHeightAndWidth(node);

    /// <summary>Whether a node's axes are height and width.</summary>
    private bool AreHeightAndWidth(OnnxNode node) =>
        (node.Ints("axes") ?? _constants.Integers(node.Input(1))) is { Count: 2 } axes
        && axes.Select(axis => _orders.Of(node.Input(0)).ElementAtOrDefault((int)Math.Clamp(axis < 0 ? axis + 4 : axis, 0, 4))).Order().SequenceEqual([2, 3]);

    /// <summary>A node that gives the same values another shape: it must be the vector of each image, or change nothing.</summary>
    private void Flatten(OnnxNode node)
    {
        long[] now = Sizes(node);
        long[]? made = node.Operator switch
        {
            "Flatten" => node.Int("axis", 1) is 1 or -3 ? [_shape.Length] : null,
            "Squeeze" => !_shape.IsVector && _shape.Height * _shape.Width == 1 && AreHeightAndWidth(node) ? [_shape.Length] : null,
            _ => Reshaped(node),
        };
        if (made is null || (made.Length != 1 && !made.SequenceEqual(now)))
            throw _graph.Error(node, $"makes something else of {_shape} than the vector of each image, which is not supported");
        if (made.Length != 1 || _shape.IsVector)
            return;
        string? value = node.Input(0);
        if (_shape.Height * _shape.Width != 1 && !_orders.IsChannelsFirst(value) && !_orders.IsChannelsLast(value))
            throw _graph.Error(node, $"makes a vector of maps of {_orders.Describe(value)}, which is not supported");
        Add(node, new Flatten(NameOf(node, "flatten")));
    }

    /// <summary>The sizes of one image as a node gets it.</summary>
    private long[] Sizes(OnnxNode node) => _shape.IsVector ? [_shape.Length]
        : [.. _orders.Of(node.Input(0)).Skip(1).Select(axis => axis switch { 1 => (long)_shape.Channels, 2 => _shape.Height, _ => _shape.Width })];

    /// <summary>The sizes of one image that a Reshape makes; null if they are not known, or not those of as many values.</summary>
    private long[]? Reshaped(OnnxNode node)
    {
        long[] now = Sizes(node);
        if ((node.Ints("shape") ?? new OnnxShapes(_constants).Find(node.Input(1), [-1, .. now])) is not { Count: >= 2 } wanted)
            return null;
        long[] sizes = [.. wanted.Skip(1).Select((size, i) => size == 0 ? now.ElementAtOrDefault(i) : size)];
        int open = Array.IndexOf(sizes, -1);
        Int128 others = 1;
        foreach (long size in sizes.Where(size => size != -1))
            others = Int128.Min(others * Math.Clamp(size, 0, int.MaxValue), int.MaxValue);
        if (open >= 0 && others > 0 && _shape.Length % (long)others == 0)
            (sizes[open], others) = (_shape.Length / (long)others, _shape.Length);
        return others == _shape.Length ? sizes : null;
    }

    private Padding PaddingOf(OnnxNode node, int kernel, int stride)
    {
        const int most = 1 << 15;
        if (_pad is var (zeros, sizes))
        {
            if (node.Text("auto_pad", "NOTSET") is not ("NOTSET" or "VALID") || (node.Ints("pads") ?? []).Any(size => size != 0))
                throw _graph.Error(zeros, $"puts zeros around the input of {node}, which has pads of its own; that is not supported");
            _pad = null;
            return Padding.Explicit(sizes[0], sizes[2], sizes[1], sizes[3]);
        }
        switch (node.Text("auto_pad", "NOTSET"))
        {
            case "SAME_UPPER":
                return Padding.Same;
            case "SAME_LOWER":
                WindowSpan rows = Padding.Same.Vertical(_shape.Height, kernel, stride), columns = Padding.Same.Horizontal(_shape.Width, kernel, stride);
                return Padding.Explicit(rows.After, rows.Before, columns.After, columns.Before);
            case "VALID":
                return Padding.Valid;
        }
        return node.Ints("pads") switch
        {
            null or { Count: 0 } => Padding.Valid,
            [>= 0 and < most and var top, >= 0 and < most and var left, >= 0 and < most and var bottom, >= 0 and < most and var right] =>
                Padding.Explicit((int)top, (int)bottom, (int)left, (int)right),
            { } pads => throw _graph.Error(node, $"has pads of {FormatError.Shape([.. pads])}; [top, left, bottom, right] is needed, none negative"),
        };
    }

    private int Stride(OnnxNode node) => (node.Ints("strides") ?? [1, 1]) switch
    {
        [> 0 and < 1 << 15 and var stride, var other] when stride == other => (int)stride,
        { } strides => throw _graph.Error(node, $"has strides of {FormatError.Shape([.. strides])}; the same for rows and columns is supported"),
    };

    private int Whole(OnnxNode node, string name, int missing) => node.Int(name, missing) is >= 1 and <= 1 << 20 and var value ? (int)value
        : throw _graph.Error(node, FormattableString.Invariant($"has {name} {node.Int(name, missing)}, which cannot be"));

    private void RequireNoDilation(OnnxNode node)
    {
        if (node.Ints("dilations") is { } dilations && dilations.Any(dilation => dilation != 1))
            throw _graph.Error(node, $"has dilations of {FormatError.Shape([.. dilations])}, which are not supported");
    }

    private void Add(OnnxNode node, Layer layer)
    {
        if (_layers.Count == MostLayers)
            throw _graph.Error(node, FormattableString.Invariant($"is one more than the {MostLayers} layers that a network may have"));
        try
        {
            _shape = layer.OutputShape(_shape);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw FormatError.At(_graph.Path, node.Offset, $"{node}: {e.Message.ReplaceLineEndings(" ")}");
        }
        _layers.Add(layer);
    }

    private Network Network(string name)
    {
        try
        {
            return new Network(name, _input, _layers);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw FormatError.At(_graph.Path, 0, e.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>A layer with weights is called as its weights are: features.0 where they are features.0.weight.</summary>
    private string LayerName(OnnxLayer layer, string kind)
    {
        const string role = ".weight";
        string weight = WeightNames.Unwrapped(layer.Weight.Name);
        return weight.Length > role.Length && weight.EndsWith(role, StringComparison.Ordinal) ? Unique(weight[..^role.Length]) : NameOf(layer.Node, kind);
    }

    private string NameOf(OnnxNode node, string kind) => Unique(node.Name.Length > 0 ? node.Name : FormattableString.Invariant($"{kind}{_layers.Count + 1}"));

    private string Unique(string wanted)
    {
        string name = Printable(wanted, "layer"), free = name;
        for (int i = 2; !_names.Add(free); i++)
            free = FormattableString.Invariant($"{name}_{i}");
        return free;
    }

    private static string Printable(string name, string missing)
    {
        string text = new([.. name.Take(100).Where(c => !char.IsControl(c) && !char.IsWhiteSpace(c) && !char.IsSurrogate(c))]);
        return text.Length == 0 ? missing : text;
    }
}
