using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AlexNetSharp.Formats;

/// <summary>A float32 tensor to write: its elements are asked for piece by piece, so that no second copy of a model is needed.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Shape">Sizes, slowest first.</param>
/// <param name="Fill">Fills a span with the elements of the row-major order that begin at a given index.</param>
internal sealed record TensorSource(string Name, long[] Shape, TensorSource.Filler Fill)
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
    public void WriteTo(Stream stream)
    {
        float[] piece = ArrayPool<float>.Shared.Rent((int)Math.Min(Count, PieceElements));
        try
        {
            for (long first = 0; first < Count; first += PieceElements)
            {
                Span<float> part = piece.AsSpan(0, (int)Math.Min(PieceElements, Count - first));
                Fill(first, part);
                stream.Write(MemoryMarshal.AsBytes(part));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(piece);
        }
    }
}

/// <summary>Writes safetensors files of float32 tensors (format: see <see cref="SafetensorsReader"/>).</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes <paramref name="tensors"/> in their order, and <paramref name="metadata"/> in __metadata__.</summary>
    /// <exception cref="IOException">The file cannot be written; an older file of that name stays as it is.</exception>
    public static void Write(string path, IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        byte[] header = Header(tensors, metadata);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        using var file = new AtomicFile(path);
        file.Stream.Write(length);
        file.Stream.Write(header);
        foreach (TensorSource tensor in tensors)
            tensor.WriteTo(file.Stream);
        file.Commit();
    }

    private static byte[] Header(IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata)
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
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Count * sizeof(float));
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
