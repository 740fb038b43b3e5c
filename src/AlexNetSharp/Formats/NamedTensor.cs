using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AlexNetSharp.Formats;

/// <summary>One tensor of a <see cref="TensorFile"/>: name, element type, shape, and the bytes where they lie in the file.</summary>
/// <remarks>Nothing is copied until <see cref="CopyTo"/> converts to float32. The tensor is valid until its file is disposed.</remarks>
public sealed class NamedTensor
{
    private const int PieceBytes = 1 << 16;

    private readonly FileBytes? _file;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly long[] _shape;
    private readonly long[]? _strides;
    private readonly float[]? _scales;

    /// <summary>Makes a tensor of checked parts.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Sizes, slowest first.</param>
    /// <param name="bytes">Elements: all of them in row-major order, or, with strides, a region that holds every element.</param>
    /// <param name="offset">Where the bytes begin in the file, for messages.</param>
    /// <param name="file">The file in which the bytes lie at that offset; null if they were unpacked.</param>
    /// <param name="strides">Elements from one index to the next in each dimension; null for row-major order without gaps.</param>
    /// <param name="scales">For 8-bit weights, what the elements of each row are multiplied by; null for none.</param>
    internal NamedTensor(
        string name, TensorType type, long[] shape, ReadOnlyMemory<byte> bytes, long offset, FileBytes? file, long[]? strides = null, float[]? scales = null)
    {
        _scales = scales;
        Name = name;
        _file = file;
        Type = type;
        Offset = offset;
        _shape = shape;
        _bytes = bytes;
        _strides = strides is null || IsRowMajor(shape, strides) ? null : strides;
        Count = 1;
        foreach (long size in shape)
            Count = checked(Count * size);
    }

    /// <summary>Name in the file.</summary>
    public string Name { get; }

    /// <summary>Type of the elements in the file.</summary>
    public TensorType Type { get; }

    /// <summary>Sizes of the dimensions, slowest first; empty for a single number.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Number of elements: the product of <see cref="Shape"/>.</summary>
    public long Count { get; }

    /// <summary>Byte of the file where the elements begin; 0 when they had to be unpacked first.</summary>
    internal long Offset { get; }

    /// <summary>Whether the elements can be converted to float32: floating-point numbers, or 8-bit weights whose scales are known.</summary>
    public bool IsFloatingPoint => Type is TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.F64 || _scales is not null;

    /// <summary>Whether it belongs to the state of a training and not to its model: <c>optimizer/…</c>.</summary>
    public bool IsTrainingState => WeightNames.IsTrainingState(Name);

    /// <summary>Whether <see cref="Bytes"/> holds the elements in row-major order without gaps.</summary>
    internal bool IsContiguous => _strides is null;

    /// <summary>Whether elements are read from an open file, by calls that fail where it has been closed or cut short, and not from mapped memory.</summary>
    internal bool CanStayInFile => _strides is null && _file is { IsInMemory: false };

    /// <summary>The stored bytes, little-endian; row-major only if <see cref="IsContiguous"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.Span;

    /// <summary>Whether the inputs of a matrix [out, in] are those of a map in the order row, column, channel, and not channel, row, column.</summary>
    internal bool HasInputsByPixel { get; private init; }

    /// <summary>What a reader has done to the values, for the table of a conversion; empty for nothing.</summary>
    internal string Note { get; private init; } = "";

    /// <summary>Converts all elements to float32, in row-major order.</summary>
    /// <param name="destination">At least <see cref="Count"/> floats.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="NotSupportedException">The elements are integers or truth values.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    internal void CopyTo(Span<float> destination)
    {
        if (destination.Length < Count)
            throw new ArgumentException(FormattableString.Invariant($"tensor '{Name}' has {Count} elements, the destination only {destination.Length}"), nameof(destination));
        CopyRange(0, destination[..(int)Count]);
    }

    /// <summary>All elements as float32, in row-major order.</summary>
    /// <exception cref="NotSupportedException">The elements are integers or truth values.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public float[] ToArray()
    {
        float[] array = new float[Count];
        CopyTo(array);
        return array;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} {FormatError.Shape(_shape)}";

    /// <summary>The same tensor under another name; copies nothing.</summary>
    internal NamedTensor Renamed(string name) => new(name, Type, _shape, _bytes, Offset, _file, _strides, _scales);

    /// <summary>The same elements with the dimensions in another order: dimension i of the result is <paramref name="axes"/>[i] of this; copies nothing.</summary>
    internal NamedTensor Permuted(params int[] axes)
    {
        long[] strides = _strides ?? RowMajor(_shape);
        return new NamedTensor(
            Name, Type, [.. axes.Select(axis => _shape[axis])], _bytes, Offset, _file, [.. axes.Select(axis => strides[axis])]);
    }

    /// <summary>The same elements in their order, which must be row-major, under another shape of as many; copies nothing.</summary>
    internal NamedTensor Reshaped(params long[] shape) => new(Name, Type, shape, _bytes, Offset, _file);

    /// <summary>The elements whose index along <paramref name="axis"/> is <paramref name="first"/> or one of the next; copies nothing.</summary>
    internal NamedTensor Part(int axis, long first, long count)
    {
        long[] strides = _strides ?? RowMajor(_shape), shape = [.. _shape];
        shape[axis] = count;
        int size = Type.Size();
        long start = first * strides[axis], length = shape.Contains(0) ? 0 : 1 + shape.Zip(strides, (n, stride) => (n - 1) * stride).Sum();
        return new NamedTensor(Name, Type, shape, _bytes.Slice(checked((int)(start * size)), checked((int)(length * size))), Offset + start * size, _file, strides);
    }

    /// <summary>The same matrix, whose inputs are in the order row, column, channel.</summary>
    internal NamedTensor WithInputsByPixel() => new(Name, Type, _shape, _bytes, Offset, _file, _strides, _scales) { HasInputsByPixel = true };

    /// <summary>The same tensor with a word about where its values come from.</summary>
    internal NamedTensor WithNote(string note) => new(Name, Type, _shape, _bytes, Offset, _file, _strides, _scales) { Note = note };

    /// <summary>A matrix of 8-bit weights with the scale of each row: its elements are their products.</summary>
    internal NamedTensor Scaled(float[] scales) => new(Name, Type, _shape, _bytes, Offset, _file, _strides, scales);

    /// <summary>Converts some elements to float32.</summary>
    /// <param name="first">The first element, in row-major order.</param>
    /// <param name="destination">Receives as many elements as fit.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all inside the tensor.</exception>
    /// <exception cref="NotSupportedException">The elements are integers or truth values.</exception>
    public void CopyRange(long first, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Count - destination.Length);
        if (!IsFloatingPoint)
            throw new NotSupportedException($"tensor '{Name}' holds {Type} elements, which are not weights");
        int size = Type.Size();
        if (_strides is null)
        {
            CopyContiguous(first * size, size, destination);
            Scale(first, destination);
            return;
        }

        // A view with gaps or another order: one row of the last dimension after the other, each element by itself.
        ReadOnlySpan<byte> bytes = _bytes.Span;
        long columns = _shape[^1], stride = _strides[^1];
        for (int i = 0; i < destination.Length;)
        {
            (long rest, long column) = Math.DivRem(first + i, columns);
            long at = column * stride;
            for (int d = _shape.Length - 2; d >= 0; d--)
            {
                (rest, long index) = Math.DivRem(rest, _shape[d]);
                at += index * _strides[d];
            }
            int end = (int)Math.Min(destination.Length, i + columns - column);
            for (; i < end; i++, at += stride)
            {
                ReadOnlySpan<byte> element = bytes.Slice(checked((int)(at * size)), size);
                if (Type == TensorType.F32)
                    destination[i] = BitConverter.ToSingle(element);
                else
                    Convert(element, Type, destination.Slice(i, 1));
            }
        }
    }

    /// <summary>Whether elements are smaller than float32 and lie one behind the other in a file, so that many rows are one read.</summary>
    internal bool IsSmallInFile => CanStayInFile && Type.Size() < sizeof(float);

    /// <summary>Reads elements of <see cref="IsSmallInFile"/> as they are.</summary>
    /// <param name="first">The first element.</param>
    /// <param name="count">Elements.</param>
    /// <param name="memory">Memory for them.</param>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">It has been cut short.</exception>
    internal ReadOnlySpan<byte> ReadSmall(long first, int count, Span<byte> memory)
    {
        Span<byte> bytes = memory[..(count * Type.Size())];
        _file!.CopyTo(Offset + first * Type.Size(), bytes);
        return bytes;
    }

    /// <summary>Converts elements of one row from <see cref="ReadSmall"/> to float32.</summary>
    /// <param name="bytes">What was read.</param>
    /// <param name="begin">The element with which it begins.</param>
    /// <param name="first">The first element that is wanted.</param>
    /// <param name="destination">Receives the elements.</param>
    internal void Widen(ReadOnlySpan<byte> bytes, long begin, long first, Span<float> destination)
    {
        int size = Type.Size();
        ReadOnlySpan<byte> wanted = bytes.Slice((int)(first - begin) * size, destination.Length * size);
        if (Type == TensorType.I8 && _scales is not null)
        {
            WidenInt8(MemoryMarshal.Cast<byte, sbyte>(wanted), _scales[(int)(first / (Count / _scales.Length))], destination);
            return;
        }
        Convert(wanted, Type, destination);
        Scale(first, destination);
    }

    private static long[] RowMajor(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= shape[d];
        }
        return strides;
    }

    /// <summary>Multiplies elements from <paramref name="first"/> on by the scales of their rows.</summary>
    private void Scale(long first, Span<float> elements)
    {
        if (_scales is null || elements.Length == 0)
            return;
        long length = Count / _scales.Length;
        while (elements.Length > 0)
        {
            (long row, long column) = Math.DivRem(first, length);
            Span<float> part = elements[..(int)Math.Min(length - column, elements.Length)];
            TensorPrimitives.Multiply(part, _scales[row], part);
            first += part.Length;
            elements = elements[part.Length..];
        }
    }

    private void CopyContiguous(long at, int size, Span<float> destination)
    {
        if (_file is null)
        {
            Convert(_bytes.Span.Slice(checked((int)at), checked(destination.Length * size)), Type, destination);
            return;
        }
        if (Type == TensorType.F32)
        {
            _file.CopyTo(Offset + at, MemoryMarshal.AsBytes(destination));
            return;
        }
        Span<byte> piece = stackalloc byte[(int)Math.Min(PieceBytes, (long)destination.Length * size)];
        while (destination.Length > 0)
        {
            int count = Math.Min(piece.Length / size, destination.Length);
            _file.CopyTo(Offset + at, piece[..(count * size)]);
            Convert(piece[..(count * size)], Type, destination[..count]);
            at += count * size;
            destination = destination[count..];
        }
    }

    /// <summary>destination[i] = float32 of element i of <paramref name="source"/>; values out of range become infinities.</summary>
    private static void Convert(ReadOnlySpan<byte> source, TensorType type, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case TensorType.BF16:
                WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.I8:
                WidenInt8(MemoryMarshal.Cast<byte, sbyte>(source), 1, destination);
                break;
            default:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(source), destination);
                break;
        }
    }

    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(Vector256.Create(source[i..]));
            (lower << 16).AsSingle().CopyTo(destination[i..]);
            (upper << 16).AsSingle().CopyTo(destination[(i + Vector256<uint>.Count)..]);
        }
        for (; i < source.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    /// <summary>destination[i] = source[i] · scale.</summary>
    private static void WidenInt8(ReadOnlySpan<sbyte> source, float scale, Span<float> destination)
    {
        ref sbyte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(destination[..source.Length]);
        nuint i = 0, length = (nuint)source.Length;
        for (; i + (nuint)Vector128<sbyte>.Count <= length; i += (nuint)Vector128<sbyte>.Count)
        {
            Vector256<short> values = Vector256.WidenLower(Vector128.LoadUnsafe(ref from, i).ToVector256Unsafe());
            (Vector256.ConvertToSingle(Vector256.WidenLower(values)) * scale).StoreUnsafe(ref to, i);
            (Vector256.ConvertToSingle(Vector256.WidenUpper(values)) * scale).StoreUnsafe(ref to, i + (nuint)Vector256<float>.Count);
        }
        for (; i < length; i++)
            Unsafe.Add(ref to, i) = Unsafe.Add(ref from, i) * scale;
    }

    private static bool IsRowMajor(long[] shape, long[] strides)
    {
        long expected = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            if (shape[d] != 1 && strides[d] != expected)
                return false;
            expected *= shape[d];
        }
        return true;
    }
}
