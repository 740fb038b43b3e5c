using System.Runtime.InteropServices;

namespace AlexNetSharp.Formats;

/// <summary>A convolution or product of an ONNX graph with its weights, and the nodes behind it that its weights take in.</summary>
/// <param name="Node">The Conv, Gemm or MatMul; the Split, for a grouped convolution that is written as one convolution for each group.</param>
/// <param name="Weight">[out, in, height, width], or [out, in].</param>
/// <param name="Bias">[out]; zeros where the file has none.</param>
/// <param name="Last">The last node that is taken in: the layer itself, an Add of a constant, a BatchNormalization, the Concat of groups.</param>
internal sealed record OnnxLayer(OnnxNode Node, NamedTensor Weight, NamedTensor Bias, OnnxNode Last)
{
    /// <summary>The node that says how windows lie: the layer itself, or the convolution of the first group.</summary>
    public required OnnxNode Window { get; init; }

    /// <summary>Convolutions that are written side by side.</summary>
    public required int Parts { get; init; }
}

/// <summary>Finds the convolutions and products of an ONNX graph whose weights are constants.</summary>
internal sealed class OnnxLayers
{
    /// <summary>More nodes than exporters put between two layers to change the order of dimensions.</summary>
    private const int MostTransposes = 8;

    private readonly OnnxFile _graph;
    private readonly OnnxConstants _constants;
    private readonly Dictionary<string, (OnnxNode Node, int Count)> _readers = [];

    private OnnxLayers(OnnxFile graph, long fileBytes)
    {
        (_graph, _constants) = (graph, new OnnxConstants(graph, fileBytes));
        foreach (OnnxNode node in graph.Nodes)
            foreach (string input in node.Inputs)
                _readers[input] = (node, _readers.GetValueOrDefault(input).Count + 1);
    }

    /// <summary>A layer that is not complete; its bias is null where the nodes so far have none.</summary>
    private sealed record Part(OnnxNode Node, NamedTensor Weight, NamedTensor? Bias, OnnxNode Last, OnnxNode Window, int Parts = 1);

    /// <summary>They in the order of the nodes.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="fileBytes">Bytes of all files behind the weights.</param>
    /// <exception cref="InvalidDataException">A constant is damaged, or the weights are many times larger than the files.</exception>
    public static List<OnnxLayer> Find(OnnxFile graph, long fileBytes) => new OnnxLayers(graph, fileBytes).Find();

    private List<OnnxLayer> Find()
    {
        var layers = new Dictionary<OnnxNode, Part>();
        foreach (OnnxNode node in _graph.Nodes)
        {
            if (node.Operator is not ("Conv" or "Gemm" or "MatMul") || node.Domain.Length > 0 || _constants.Find(node.Input(1)) is not { IsFloatingPoint: true } weight)
                continue;
            bool convolution = node.Operator == "Conv";
            if (weight.Shape.Length != 2 && !convolution)
                continue;
            if (!convolution && node.Int("transB", 0) == 0)
                weight = weight.Permuted(1, 0);
            if (weight.Shape.Length == 0)
                continue;
            _constants.Count(node, weight.Count);
            layers[node] = Complete(WithBias(node, weight));
        }
        foreach (OnnxNode split in _graph.Nodes)
        {
            if (split.Operator != "Split" || split.Domain.Length > 0 || Groups(split, layers) is not { } groups)
                continue;
            foreach (Part group in groups)
                layers.Remove(group.Node);
            layers[split] = Complete(Joined(split, groups));
        }
        return [.. layers.Values.OrderBy(layer => layer.Node.Index).Select(layer => new OnnxLayer(layer.Node, Inputs(layer), layer.Bias ?? Zeros(layer), layer.Last)
        {
            Window = layer.Window,
            Parts = layer.Parts,
        })];
    }

    private Part WithBias(OnnxNode node, NamedTensor weight)
    {
        NamedTensor? bias = node.Operator == "MatMul" ? null : Vector(_constants.Find(node.Input(2)), weight.Shape[0]);
        if (node.Operator == "Gemm")
        {
            weight = Scaled(node, weight, node.Float("alpha", 1));
            bias = bias is null ? null : Scaled(node, bias, node.Float("beta", 1));
        }
        return new Part(node, weight, bias, node, node);
    }

    /// <summary>Takes in an Add of a constant and a BatchNormalization that follow.</summary>
    private Part Complete(Part layer)
    {
        if (layer.Bias is null && Reader(layer.Last) is ({ Operator: "Add" } sum, string value) && Added(sum, value, layer.Weight) is { } bias)
            layer = layer with { Bias = bias, Last = sum };
        if (Reader(layer.Last) is ({ Operator: "BatchNormalization" } norm, string maps) && norm.Input(0) == maps && _graph.Orders.IsChannelsFirst(maps))
        {
            (NamedTensor weight, NamedTensor shift) = Fold(norm, layer.Weight, layer.Bias);
            layer = layer with { Weight = weight, Bias = shift, Last = norm };
        }
        return layer;
    }

    /// <summary>The one node that reads what a node gives, and the value that it reads: behind nodes that only change the order of dimensions.</summary>
    private (OnnxNode Node, string Value)? Reader(OnnxNode of) => of.Outputs.Count > 0 ? Reader(of.Outputs[0]) : null;

    private (OnnxNode Node, string Value)? Reader(string value)
    {
        for (int i = 0; i <= MostTransposes; i++)
        {
            if (!_readers.TryGetValue(value, out (OnnxNode Node, int Count) reader) || reader is not { Count: 1, Node.Domain.Length: 0 })
                return null;
            if (reader.Node is not { Operator: "Transpose", Outputs.Count: 1 })
                return (reader.Node, value);
            value = reader.Node.Outputs[0];
        }
        return null;
    }

    /// <summary>The constant that a sum adds to each channel of <paramref name="value"/>; null if it adds something else.</summary>
    private NamedTensor? Added(OnnxNode sum, string value, NamedTensor weight)
    {
        if (_constants.Find(sum.Input(0) == value ? sum.Input(1) : sum.Input(0)) is not { } constant || Vector(constant, weight.Shape[0]) is not { } bias)
            return null;
        // Shapes are compared from their ends: those of a product end in its outputs, in a map channels have a place of their own.
        int channels = _graph.Orders.ChannelsOf(value), first = 4 - constant.Shape.Length;
        if (weight.Shape.Length == 2 || constant.Count == 1 || sum.Int("axis", -1) == channels)
            return bias;
        for (int d = 0; d < constant.Shape.Length; d++)
            if (constant.Shape[d] != 1 && first + d != channels)
                return null;
        return bias;
    }

    /// <summary>The convolutions of a Split's parts whose outputs one Concat joins in their order: those of a grouped convolution. Null if the nodes are others.</summary>
    private List<Part>? Groups(OnnxNode split, Dictionary<OnnxNode, Part> layers)
    {
        OnnxOrders orders = _graph.Orders;
        var groups = new List<Part>();
        OnnxNode? join = null;
        if (split.Outputs.Count is < 2 or > OnnxConstants.MostParts || !IsOverChannels(split, split.Input(0), missing: 0) || (_constants.Sizes(split) is { } sizes && sizes.Any(size => size != sizes[0])))
            return null;
        foreach (string output in split.Outputs)
        {
            if (Reader(output) is not ({ Operator: "Conv" } node, string input) || node.Input(0) != input || !layers.TryGetValue(node, out Part? group)
                || Reader(group.Last) is not ({ Operator: "Concat" } concat, string result) || concat.Inputs.Count != split.Outputs.Count || concat.Outputs.Count != 1)
                return null;
            join ??= concat;
            if (concat != join || concat.Inputs[groups.Count] != result || !IsOverChannels(concat, result, missing: 1) || !orders.IsChannelsFirst(input)
                || (groups.Count > 0 && !IsAlike(groups[0], group)))
                return null;
            groups.Add(group);
        }
        // Each part is read by a convolution of its own, and all go into one node, so none of them was taken for another split.
        return [.. groups.Select(group => group with { Last = join! })];

        bool IsOverChannels(OnnxNode node, string? value, int missing)
        {
            long axis = node.Int("axis", missing);
            return (axis < 0 ? axis + 4 : axis) == orders.ChannelsOf(value);
        }
    }

    private static bool IsAlike(Part a, Part b)
    {
        return a.Weight.Shape.SequenceEqual(b.Weight.Shape) && a.Window.Text("auto_pad", "NOTSET") == b.Window.Text("auto_pad", "NOTSET")
            && a.Window.Int("group", 1) == b.Window.Int("group", 1) && Same("pads", 0) && Same("strides", 1) && Same("dilations", 1);

        // What is left out is what all of it would be.
        bool Same(string name, long missing)
        {
            IReadOnlyList<long>? one = a.Window.Ints(name), other = b.Window.Ints(name);
            return one is null || other is null ? (one ?? other ?? []).All(value => value == missing) : one.SequenceEqual(other);
        }
    }

    /// <summary>The outputs of all groups behind one another.</summary>
    private Part Joined(OnnxNode split, List<Part> groups)
    {
        NamedTensor like = groups[0].Weight;
        long outputs = like.Shape[0];
        _constants.Count(split, groups.Count * (like.Count + outputs));
        byte[] weights = new byte[groups.Count * like.Count * sizeof(float)], biases = new byte[groups.Count * outputs * sizeof(float)];
        for (int i = 0; i < groups.Count; i++)
        {
            groups[i].Weight.CopyTo(MemoryMarshal.Cast<byte, float>(weights.AsSpan())[(int)(i * like.Count)..]);
            groups[i].Bias?.CopyTo(MemoryMarshal.Cast<byte, float>(biases.AsSpan())[(int)(i * outputs)..]);
        }
        var weight = new NamedTensor(like.Name, TensorType.F32, [groups.Count * outputs, .. like.Shape[1..]], weights, 0, null);
        NamedTensor? bias = groups.TrueForAll(group => group.Bias is null) ? null
            : new NamedTensor(groups[0].Bias?.Name ?? BiasName(like), TensorType.F32, [groups.Count * outputs], biases, 0, null);
        return new Part(split, weight, bias, groups[0].Last, groups[0].Window, groups.Count);
    }

    /// <summary>The weights, with a mark where their inputs are a map in the order row, column, channel.</summary>
    private NamedTensor Inputs(Part layer) =>
        layer.Weight.Shape.Length == 2 && _graph.Orders.IsChannelsLast(layer.Node.Input(0)) ? layer.Weight.WithInputsByPixel() : layer.Weight;

    /// <summary>A constant of as many elements as there are outputs, in one dimension; null if it is none.</summary>
    private static NamedTensor? Vector(NamedTensor? tensor, long outputs) =>
        tensor is { IsFloatingPoint: true, IsContiguous: true } && tensor.Count == outputs ? tensor.Reshaped(outputs) : null;

    private NamedTensor Zeros(Part layer)
    {
        long outputs = layer.Weight.Shape[0];
        _constants.Count(layer.Node, outputs);
        return new NamedTensor(BiasName(layer.Weight), TensorType.F32, [outputs], new byte[outputs * sizeof(float)], 0, null);
    }

    /// <summary>What a bias is called that the file does not have.</summary>
    private static string BiasName(NamedTensor weight) =>
        (weight.Name.EndsWith(".weight", StringComparison.Ordinal) ? weight.Name[..^".weight".Length] : weight.Name) + ".bias";

    private NamedTensor Scaled(OnnxNode node, NamedTensor tensor, float factor)
    {
        if (factor == 1)
            return tensor;
        byte[] bytes = Values(node, tensor);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
            value *= factor;
        return new NamedTensor(tensor.Name, TensorType.F32, tensor.Shape.ToArray(), bytes, 0, null);
    }

    /// <summary>The weights with a normalization taken in.</summary>
    private (NamedTensor Weight, NamedTensor Bias) Fold(OnnxNode norm, NamedTensor weight, NamedTensor? bias)
    {
        long outputs = weight.Shape[0];
        if (norm.Int("training_mode", 0) != 0 || norm.Int("spatial", 1) == 0)
            throw _graph.Error(norm, "normalizes by its own batch or by pixel; only what inference does with fixed means and variances is supported");
        var vectors = new float[4][];
        for (int i = 0; i < 4; i++)
            vectors[i] = (Vector(_constants.Find(norm.Input(i + 1)), outputs)
                ?? throw _graph.Error(norm, FormattableString.Invariant($"needs {outputs} constant values each of scale, shift, mean and variance"))).ToArray();
        _constants.Count(norm, weight.Count);
        return BatchNormalization.Fold(weight, bias, bias?.Name ?? BiasName(weight), vectors[0], vectors[1], vectors[2], vectors[3], norm.Float("epsilon", 1e-5f));
    }

    private byte[] Values(OnnxNode node, NamedTensor tensor)
    {
        _constants.Count(node, tensor.Count);
        byte[] bytes = new byte[tensor.Count * sizeof(float)];
        tensor.CopyTo(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        return bytes;
    }
}
