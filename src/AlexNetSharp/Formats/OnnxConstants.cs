using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Formats;

/// <summary>
/// Follows a value of an ONNX graph to the constant that it is: an initializer, or a Constant node, with Identity, Cast, Transpose, Reshape,
/// Flatten, Squeeze, Unsqueeze, Split and DequantizeLinear between.
/// </summary>
internal sealed class OnnxConstants
{
    /// <summary>More nodes in a row than lie between an initializer and its use.</summary>
    private const int LongestWay = 32;

    /// <summary>How many times the bytes of its files the tensors that have to be computed may have, and what small files may have beyond that.</summary>
    private const int MostComputed = 16, MostComputedOfSmallFiles = 1 << 20;

    /// <summary>More parts than convolutions have groups that are written side by side.</summary>
    public const int MostParts = 256;

    private readonly OnnxFile _graph;
    private readonly Dictionary<string, OnnxNode> _producers = [];
    private readonly Dictionary<string, NamedTensor?> _known = [];
    private readonly long _fileBytes;
    private long _computed;

    /// <summary>Follows the values of <paramref name="graph"/>.</summary>
    public OnnxConstants(OnnxFile graph, long fileBytes)
    {
        (_graph, _fileBytes) = (graph, fileBytes);
        foreach (OnnxNode node in graph.Nodes)
            foreach (string output in node.Outputs)
                _producers.TryAdd(output, node);
    }

    /// <summary>The node that gives a value; null for the graph's own inputs and constants.</summary>
    public OnnxNode? Producer(string value) => _producers.GetValueOrDefault(value);

    /// <summary>The constant behind <paramref name="value"/>; null if it is none, or its node is of another kind.</summary>
    /// <exception cref="InvalidDataException">A node on the way cannot be what it says.</exception>
    public NamedTensor? Find(string? value) => value is null ? null : Find(value, 0);

    /// <summary>The whole numbers of the constant behind <paramref name="value"/>; null if it is none, or holds others, or more than a shape has.</summary>
    public long[]? Integers(string? value) =>
        Find(value) is { IsContiguous: true, Count: <= TensorShape.MostDimensions } tensor && IntegersOf(tensor) is { } numbers ? numbers : null;

    /// <summary>Checks a number of floats against what the files justify, before memory is allocated for them.</summary>
    /// <exception cref="InvalidDataException">It is too much.</exception>
    public void Count(OnnxNode node, long count)
    {
        _computed += Math.Min(count, long.MaxValue / 64) * sizeof(float);
        if (_computed > Math.Min(_fileBytes, long.MaxValue / 64) * MostComputed + MostComputedOfSmallFiles || count > Array.MaxLength / sizeof(float))
            throw _graph.Error(node, FormattableString.Invariant($"the weights would need more than {MostComputed} times the bytes of the file; it is damaged"));
    }

    private NamedTensor? Find(string value, int way)
    {
        if (_known.TryGetValue(value, out NamedTensor? known))
            return known;
        if (way == LongestWay)
            return null;
        NamedTensor? found = _graph.Initializers.TryGetValue(value, out NamedTensor? initializer) ? initializer
            : _producers.TryGetValue(value, out OnnxNode? node) && node.Domain.Length == 0 ? Of(node, value, way + 1)
            : null;
        return _known[value] = found;
    }

    private NamedTensor? Of(OnnxNode node, string value, int way)
    {
        if (node.Operator == "Constant")
            return ConstantOf(node);
        if (node.Input(0) is not { } name || Find(name, way) is not { } input)
            return null;
        switch (node.Operator)
        {
            case "Identity":
                return input;
            case "Cast":
                return Cast(node, input);
            case "Transpose":
                int[] axes = [.. node.Ints("perm")?.Select(axis => (int)Math.Clamp(axis, -1, 99)) ?? Enumerable.Range(0, input.Shape.Length).Reverse()];
                if (!axes.Order().SequenceEqual(Enumerable.Range(0, input.Shape.Length)))
                    throw _graph.Error(node, $"cannot transpose {FormatError.Shape(input.Shape)} so; the file is damaged");
                return input.Permuted(axes);
            case "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze":
                return Reshape(node, input);
            case "Split":
                return Part(node, input, node.Outputs.IndexOf(value));
            case "DequantizeLinear":
                return Dequantize(node, input, way);
            default:
                return null;
        }
    }

    private static NamedTensor? ConstantOf(OnnxNode node)
    {
        string name = node.Outputs.Count > 0 ? node.Outputs[0] : node.Name;
        if (node.Has("value"))
            return node.Attributes["value"].Tensor?.Renamed(name);
        if (node.Has("value_int") || node.Has("value_ints"))
        {
            long[] numbers = node.Has("value_int") ? [node.Int("value_int", 0)] : [.. node.Ints("value_ints")!];
            return new NamedTensor(name, TensorType.I64, node.Has("value_int") ? [] : [numbers.Length], MemoryMarshal.AsBytes<long>(numbers).ToArray(), 0, null);
        }
        return node.Has("value_float")
            ? new NamedTensor(name, TensorType.F32, [], BitConverter.GetBytes(node.Float("value_float", 0)), 0, null) : null;
    }

    private NamedTensor? Cast(OnnxNode node, NamedTensor input)
    {
        // To a floating-point type, from any of them: the numbers are the same, and are read as float32 in the end.
        bool toFloat = node.Int("to", 0) is 1 or 10 or 11 or 16;
        if (input.IsFloatingPoint)
            return toFloat ? input : null;
        if (!toFloat)
            return input;
        return Floats(node, input) is { } bytes ? Computed(input, bytes) : null;
    }

    /// <summary>The elements in their order under another shape, which the next node shows.</summary>
    private NamedTensor? Reshape(OnnxNode node, NamedTensor input)
    {
        if (!input.IsContiguous)
            return null;
        long[] sizes = input.Shape.ToArray();
        switch (node.Operator)
        {
            case "Flatten":
                int axis = (int)Math.Clamp(node.Int("axis", 1), 0, sizes.Length);
                sizes = [Product(sizes[..axis]), Product(sizes[axis..])];
                break;
            case "Squeeze":
                sizes = [.. sizes.Where(size => size != 1)];
                break;
            case "Unsqueeze":
                IReadOnlyList<long> axes = node.Ints("axes") ?? Integers(node.Input(1)) ?? [];
                if (sizes.Length + axes.Count > TensorShape.MostDimensions)
                    return null;
                var widened = new List<long>(sizes);
                foreach (long place in axes.Select(a => a < 0 ? a + sizes.Length + axes.Count : a).Order())
                    widened.Insert((int)Math.Clamp(place, 0, widened.Count), 1);
                sizes = [.. widened];
                break;
            default:
                if ((node.Ints("shape") ?? Integers(node.Input(1))) is not { } wanted)
                    return null;
                sizes = Filled(wanted, sizes, input.Count);
                break;
        }
        if (sizes.Length > TensorShape.MostDimensions || sizes.Any(size => size < 0) || Product(sizes) != input.Count)
            throw _graph.Error(node, $"{input.Count} values do not have the shape {FormatError.Shape(sizes)}; the file is damaged");
        return input.Reshaped(sizes);
    }

    /// <summary>The sizes that a Reshape asks for: 0 copies a size, −1 is what is left.</summary>
    private static long[] Filled(IReadOnlyList<long> wanted, long[] sizes, long count)
    {
        long[] filled = [.. wanted.Select((size, i) => size == 0 && i < sizes.Length ? sizes[i] : size)];
        int open = Array.IndexOf(filled, -1);
        if (open >= 0)
        {
            filled[open] = 1;
            long others = Product(filled);
            filled[open] = others > 0 && count % others == 0 ? count / others : -1;
        }
        return filled;
    }

    /// <summary>The sizes of a Split's parts where it lists them; null where all are alike.</summary>
    public IReadOnlyList<long>? Sizes(OnnxNode split) => split.Ints("split") ?? Integers(split.Input(1));

    private NamedTensor? Part(OnnxNode split, NamedTensor input, int index)
    {
        if (split.Outputs.Count > MostParts || (split.Input(1) is { } list && Integers(list) is null))
            return null;
        long axis = split.Int("axis", 0);
        axis = axis < 0 ? axis + input.Shape.Length : axis;
        if (axis < 0 || axis >= input.Shape.Length)
            throw _graph.Error(split, $"cannot cut {FormatError.Shape(input.Shape)} along such an axis; the file is damaged");
        long size = input.Shape[(int)axis], each = size / split.Outputs.Count;
        IReadOnlyList<long> sizes = Sizes(split) ?? [.. Enumerable.Repeat(each, split.Outputs.Count)];
        if (sizes.Count != split.Outputs.Count || sizes.Any(part => part < 0 || part > size) || sizes.Sum() != size)
            return null;
        return input.Part((int)axis, sizes.Take(index).Sum(), sizes[index]);
    }

    /// <summary>(values − zero point) · scale, one scale for all or one for each index of an axis.</summary>
    private NamedTensor? Dequantize(OnnxNode node, NamedTensor input, int way)
    {
        if (node.Input(1) is not { } scaleName || Find(scaleName, way) is not { IsFloatingPoint: true, Shape.Length: <= 1 } scale)
            return null;
        NamedTensor? zero = node.Input(2) is { } zeroName ? Find(zeroName, way) : null;
        int axis = (int)Math.Clamp(node.Int("axis", 1), -99, 99), dimensions = input.Shape.Length;
        axis = axis < 0 ? axis + dimensions : axis;
        bool single = scale.Count == 1;
        if (!single && (axis < 0 || axis >= dimensions || input.Shape[axis] != scale.Count) || (zero is not null && zero.Count != scale.Count))
            throw _graph.Error(node, $"scales of {FormatError.Shape(scale.Shape)} do not fit weights of {FormatError.Shape(input.Shape)}; the file is damaged");
        if (Floats(node, input) is not { } bytes || (zero is null ? new byte[scale.Count * sizeof(float)] : Floats(node, zero)) is not { } zeroBytes)
            return null;
        float[] scales = scale.ToArray();
        Span<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan()), zeros = MemoryMarshal.Cast<byte, float>(zeroBytes.AsSpan());
        long inner = single ? 1 : Product(input.Shape[(axis + 1)..].ToArray());
        for (int i = 0; i < values.Length; i++)
        {
            int s = single ? 0 : (int)(i / inner % scales.Length);
            values[i] = (values[i] - zeros[s]) * scales[s];
        }
        return Computed(input, bytes);
    }

    private static NamedTensor Computed(NamedTensor like, byte[] bytes) => new(like.Name, TensorType.F32, like.Shape.ToArray(), bytes, 0, null);

    /// <summary>The float32 bytes of whole numbers; null if the tensor holds others.</summary>
    private byte[]? Floats(OnnxNode node, NamedTensor tensor)
    {
        if (!tensor.IsContiguous)
            return null;
        Count(node, tensor.Count);
        byte[] converted = new byte[tensor.Count * sizeof(float)];
        Span<float> values = MemoryMarshal.Cast<byte, float>(converted.AsSpan());
        ReadOnlySpan<byte> bytes = tensor.Bytes;
        for (int i = 0; i < values.Length; i++)
        {
            switch (tensor.Type)
            {
                case TensorType.I8:
                    values[i] = (sbyte)bytes[i];
                    break;
                case TensorType.U8:
                    values[i] = bytes[i];
                    break;
                case TensorType.I16:
                    values[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * 2)..]);
                    break;
                case TensorType.I32:
                    values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]);
                    break;
                case TensorType.I64:
                    values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]);
                    break;
                default:
                    return null;
            }
        }
        return converted;
    }

    private static long[]? IntegersOf(NamedTensor tensor)
    {
        ReadOnlySpan<byte> bytes = tensor.Bytes;
        long[] numbers = new long[tensor.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (tensor.Type == TensorType.I64)
                numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]);
            else if (tensor.Type == TensorType.I32)
                numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]);
            else
                return null;
        }
        return numbers;
    }

    private static long Product(IEnumerable<long> sizes)
    {
        Int128 product = 1;
        foreach (long size in sizes)
        {
            product *= size;
            if (product > long.MaxValue || product < long.MinValue)
                return -1;
        }
        return (long)product;
    }
}
