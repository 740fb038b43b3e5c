using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

// What each kind of node becomes.
internal sealed partial class OnnxChain
{
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
        Add(node, new Conv2d(LayerName(layer, "conv"), (int)weight.Shape[0], kernel, stride: stride, groups: (int)groups, padding: PaddingOf(window, kernel, stride)));
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
            ? new MaxPool2d(NameOf(node, "pool"), (int)kernel, stride, padding: padding, roundUp: roundUp)
            : new AvgPool2d(NameOf(node, "pool"), (int)kernel, stride, padding: padding, roundUp: roundUp, countPadding: counts));
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
}
