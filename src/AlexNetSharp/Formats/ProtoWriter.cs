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

    /// <summary>A text.</summary>
    public ProtoWriter Text(int field, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Announce(field, bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>A message.</summary>
    public ProtoWriter Message(int field, ProtoWriter message)
    {
        Announce(field, message.Length);
        _bytes.Write(message._bytes.WrittenSpan);
        return this;
    }

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
