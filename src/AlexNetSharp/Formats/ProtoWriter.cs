using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>Writes the fields of a protobuf message into memory (format: see <see cref="ProtoReader"/>).</summary>
internal sealed class ProtoWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Bytes written so far.</summary>
    public long Length => _bytes.WrittenCount;

    /// <summary>The bytes written so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>A number; negative ones take ten bytes.</summary>
    public ProtoWriter Number(int field, long value)
    {
        Varint((ulong)field << 3 | (ulong)WireType.Varint);
        Varint((ulong)value);
        return this;
    }

    /// <summary>A 32-bit float.</summary>
    public ProtoWriter Float(int field, float value)
    {
        Varint((ulong)field << 3 | (ulong)WireType.Fixed32);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>A 64-bit float.</summary>
    public ProtoWriter Double(int field, double value)
    {
        Varint((ulong)field << 3 | (ulong)WireType.Fixed64);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>A text.</summary>
    public ProtoWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Bytes.</summary>
    public ProtoWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Announce(field, value.Length);
        _bytes.Write(value);
        return this;
    }

    /// <summary>A message.</summary>
    public ProtoWriter Message(int field, ProtoWriter message) => Bytes(field, message.Written);

    /// <summary>The beginning of a field of <paramref name="length"/> bytes, which the caller writes behind these bytes.</summary>
    public ProtoWriter Announce(int field, long length)
    {
        Varint((ulong)field << 3 | (ulong)WireType.Bytes);
        Varint((ulong)length);
        return this;
    }

    /// <summary>Writes everything to <paramref name="stream"/>.</summary>
    public void CopyTo(Stream stream) => stream.Write(_bytes.WrittenSpan);

    private void Varint(ulong value)
    {
        Span<byte> groups = stackalloc byte[10];
        int count = 0;
        for (; value >= 0x80; value >>= 7)
            groups[count++] = (byte)(value | 0x80);
        groups[count++] = (byte)value;
        _bytes.Write(groups[..count]);
    }
}
