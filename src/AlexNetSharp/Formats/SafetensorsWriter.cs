using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AlexNetSharp.Formats;

/// <summary>A tensor to write: its elements are asked for piece by piece, so that no second copy of a model is needed.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Shape">Sizes, slowest first.</param>
/// <param name="Fill">Fills a span with the elements of the row-major order that begin at a given index.</param>
/// <param name="Type">Its type where that is not the file's: F32, or I8 with whole numbers from −128 to 127.</param>
internal sealed record TensorSource(string Name, long[] Shape, TensorSource.Filler Fill, TensorType? Type = null)
{
    /// <summary>Writes elements [first, first + destination.Length) of the row-major order to <paramref name="destination"/>.</summary>
    public delegate void Filler(long first, Span<float> destination);

    private const int PieceElements = 1 << 18;

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => checked(count * size));

    /// <summary>A tensor whose elements are all in memory.</summary>
    public static TensorSource Of(string name, long[] shape, ReadOnlyMemory<float> values) =>
        new(name, shape, (first, destination) => values.Span.Slice((int)first, destination.Length).CopyTo(destination));

    /// <summary>Writes all elements, little-endian.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="type">F32, F16 or BF16; the narrow types are rounded to nearest, ties to even.</param>
    /// <exception cref="InvalidDataException">A finite value lies beyond the range of <paramref name="type"/>.</exception>
    public void WriteTo(Stream stream, TensorType type = TensorType.F32)
    {
        type = Type ?? type;
        int length = (int)Math.Min(Count, PieceElements);
        float[] piece = ArrayPool<float>.Shared.Rent(length);
        ushort[] narrow = type == TensorType.F32 ? [] : ArrayPool<ushort>.Shared.Rent(length);
        try
        {
            for (long first = 0; first < Count; first += PieceElements)
            {
                Span<float> part = piece.AsSpan(0, (int)Math.Min(PieceElements, Count - first));
                Fill(first, part);
                if (type == TensorType.F32)
                {
                    stream.Write(MemoryMarshal.AsBytes(part));
                    continue;
                }
                if (type == TensorType.I8)
                {
                    Span<sbyte> bytes = MemoryMarshal.Cast<ushort, sbyte>(narrow.AsSpan())[..part.Length];
                    TensorPrimitives.ConvertTruncating<float, sbyte>(part, bytes);
                    stream.Write(MemoryMarshal.AsBytes(bytes));
                    continue;
                }
                Narrow(part, narrow, type);
                stream.Write(MemoryMarshal.AsBytes(narrow.AsSpan(0, part.Length)));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(piece);
            if (narrow.Length > 0)
                ArrayPool<ushort>.Shared.Return(narrow);
        }
    }

    private void Narrow(ReadOnlySpan<float> values, Span<ushort> bits, TensorType type)
    {
        if (type == TensorType.F16)
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<ushort, Half>(bits));
        else
            for (int i = 0; i < values.Length; i++)
                bits[i] = BFloat16Of(values[i]);
        ushort infinity = type == TensorType.F16 ? (ushort)0x7C00 : (ushort)0x7F80;
        for (int i = 0; i < values.Length; i++)
            if ((bits[i] & 0x7FFF) == infinity && float.IsFinite(values[i]))
                throw new InvalidDataException(FormattableString.Invariant(
                    $"tensor {FormatError.Quote(Name)} holds {values[i]:g6}, which {type} cannot hold; write F32{(type == TensorType.F16 ? " or BF16" : "")}"));
    }

    private static ushort BFloat16Of(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding could carry a NaN's last bits over into infinity.
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}

/// <summary>Writes safetensors files (format: see <see cref="SafetensorsReader"/>).</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes <paramref name="tensors"/> in their order, and <paramref name="metadata"/> in __metadata__.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="metadata">Texts.</param>
    /// <param name="type">Type of all elements in the file but of tensors that have one of their own: F32, F16 or BF16.</param>
    /// <exception cref="InvalidDataException">A finite value lies beyond the range of <paramref name="type"/>; an older file stays as it is.</exception>
    /// <exception cref="IOException">The file cannot be written; an older file of that name stays as it is.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata, TensorType type = TensorType.F32)
    {
        byte[] header = Header(tensors, metadata, type);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        using var file = new AtomicFile(path);
        file.Stream.Write(length);
        file.Stream.Write(header);
        foreach (TensorSource tensor in tensors)
            tensor.WriteTo(file.Stream, type);
        file.Commit();
    }

    private static byte[] Header(IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata, TensorType type)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (TensorSource tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                TensorType own = tensor.Type ?? type;
                json.WriteString("dtype", own.ToString());
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Count * own.Size());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Spaces behind the JSON put the elements at a multiple of 8.
        while (buffer.WrittenCount % 8 != 0)
            buffer.Write(" "u8);
        return buffer.WrittenSpan.ToArray();
    }
}
