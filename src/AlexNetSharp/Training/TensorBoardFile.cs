using System.Buffers.Binary;
using System.Numerics;
using AlexNetSharp.Formats;
using AlexNetSharp.Training.Protos;
using Google.Protobuf;

namespace AlexNetSharp.Training;

/// <summary>An event file that TensorBoard reads: scalars and images of one point of a training.</summary>
/// <remarks>
/// <para>
/// A record is its length (8 bytes, little-endian), the checksum of these, the Event message, its checksum (TensorFlow's TFRecord format).
/// The checksum is CRC-32C, rotated by 15 bits, plus 0xA282EAD8.
/// </para>
/// <para>
/// TensorBoard reads all files of a folder whose name contains "tfevents", in the order of their names. A file holds one epoch and is written whole or
/// not at all, so that a crash never leaves half a record.
/// </para>
/// </remarks>
public sealed class TensorBoardFile
{
    private readonly List<Event> _events = [];
    private readonly double _time;

    /// <summary>An empty file, dated now.</summary>
    /// <param name="time">Time of the events; null for now.</param>
    public TensorBoardFile(DateTimeOffset? time = null)
    {
        _time = (time ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds() / 1000.0;
        _events.Add(new Event { WallTime = _time, FileVersion = "brain.Event:2" });
    }

    /// <summary>Adds a number.</summary>
    /// <param name="tag">Name of the curve; a slash groups curves: <c>loss/train</c>.</param>
    /// <param name="step">Position on the horizontal axis.</param>
    /// <param name="value">The number.</param>
    public void AddScalar(string tag, long step, double value) =>
        Add(step, new Summary.Types.Value { Tag = tag, SimpleValue = (float)value });

    /// <summary>Adds an image.</summary>
    /// <param name="tag">Name of the image.</param>
    /// <param name="step">Position in time.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">1 (gray) or 3 (red, green, blue).</param>
    /// <param name="pixels">[height, width, channels].</param>
    /// <exception cref="ArgumentException">The sizes do not fit <paramref name="pixels"/>.</exception>
    public void AddImage(string tag, long step, int width, int height, int channels, ReadOnlySpan<byte> pixels) =>
        Add(step, new Summary.Types.Value
        {
            Tag = tag,
            Image = new Summary.Types.Image
            {
                Height = height,
                Width = width,
                Colorspace = channels,
                EncodedImageString = ByteString.CopyFrom(Png.Encode(width, height, channels, pixels)),
            },
        });

    /// <summary>Writes the file; a file of that name is replaced.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        using var file = new AtomicFile(path);
        foreach (Event e in _events)
            WriteRecord(file.Stream, e.ToByteArray());
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

    private void Add(long step, Summary.Types.Value value) =>
        _events.Add(new Event { WallTime = _time, Step = step, Summary = new Summary { Value = { value } } });

    private static void WriteRecord(Stream stream, byte[] data)
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
