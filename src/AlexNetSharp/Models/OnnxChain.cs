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
internal sealed partial class OnnxChain
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
