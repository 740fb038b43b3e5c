using System.Buffers.Binary;
using System.Numerics;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Training;

/// <summary>An event file that TensorBoard reads: scalars and images of one epoch of a training.</summary>
/// <remarks>
/// <para>
/// A record is its length (8 bytes, little-endian), the checksum of these, the Event message, its checksum (TensorFlow's TFRecord format).
/// The checksum is CRC-32C, rotated by 15 bits, plus 0xA282EAD8. Messages and field numbers are those of TensorFlow's
/// tensorflow/core/util/event.proto and framework/summary.proto.
/// </para>
/// <para>
/// TensorBoard reads all files of a folder whose name contains "tfevents", in the order of their names. A file holds one epoch and is written whole or
/// not at all, so that a crash never leaves half a record.
/// </para>
/// </remarks>
internal sealed class TensorBoardFile
{
    private readonly List<ProtoWriter> _events = [];
    private readonly double _time;

    /// <summary>An empty file, dated now.</summary>
    /// <param name="time">Time of the events; null for now.</param>
    public TensorBoardFile(DateTimeOffset? time = null)
    {
        _time = (time ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds() / 1000.0;
        _events.Add(new ProtoWriter().Double(1, _time).Text(3, "brain.Event:2"));
    }

    /// <summary>Adds a number.</summary>
    /// <param name="tag">Name of the curve; a slash groups curves: <c>loss/train</c>.</param>
    /// <param name="step">Position on the horizontal axis.</param>
    /// <param name="value">The number.</param>
    public void AddScalar(string tag, long step, double value) => Add(step, new ProtoWriter().Text(1, tag).Float(2, (float)value));

    /// <summary>Adds an image.</summary>
    /// <param name="tag">Name of the image.</param>
    /// <param name="step">Position in time.</param>
    /// <param name="png">The image as a PNG file, in gray, RGB or RGBA.</param>
    public void AddImage(string tag, long step, ReadOnlySpan<byte> png)
    {
        // The header stands first in every PNG file: width, height, bits, color type.
        int width = BinaryPrimitives.ReadInt32BigEndian(png[16..]), height = BinaryPrimitives.ReadInt32BigEndian(png[20..]);
        int channels = png[25] switch { 0 => 1, 6 => 4, _ => 3 };
        Add(step, new ProtoWriter().Text(1, tag).Message(4, new ProtoWriter().Number(1, height).Number(2, width).Number(3, channels).Bytes(4, png)));
    }

    /// <summary>Writes the file; a file of that name is replaced.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        using var file = new AtomicFile(path);
        foreach (ProtoWriter e in _events)
            WriteRecord(file.Stream, e.Written);
        file.Commit();
    }

    /// <summary>CRC-32C of <paramref name="data"/>, masked so that a checksum of data that holds checksums stays sound.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }

    private void Add(long step, ProtoWriter value) =>
        _events.Add(new ProtoWriter().Double(1, _time).Number(2, step).Message(5, new ProtoWriter().Message(1, value)));

    private static void WriteRecord(Stream stream, ReadOnlySpan<byte> data)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(header, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedChecksum(header[..8]));
        stream.Write(header);
        stream.Write(data);
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedChecksum(data));
        stream.Write(footer);
    }
}
