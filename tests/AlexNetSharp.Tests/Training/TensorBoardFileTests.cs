using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Tests.Training;

public sealed class TensorBoardFileTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    public void TheChecksumIsMaskedCRC32C(string text, uint crc)
    {
        // Known answers of CRC-32C (RFC 3720, appendix B.4, and the usual check value); the mask is TFRecord's.
        uint expected = ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
        Assert.Equal(expected, TensorBoardFile.MaskedChecksum(Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public void AScalarIsTheBytesThatTensorBoardsSchemaAsksFor()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("events.out.tfevents.000001");
        var file = new TensorBoardFile(DateTimeOffset.UnixEpoch.AddSeconds(2));
        file.AddScalar("a", 3, 1.5);
        file.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        // Event: 1 wall_time double, 2 step varint, 5 summary; Summary: 1 value; Value: 1 tag, 2 simple_value float.
        byte[] expected = [0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x10, 3, 0x2A, 10, 0x0A, 8, 0x0A, 1, (byte)'a', 0x15, 0, 0, 0xC0, 0x3F];
        int first = 16 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(expected, bytes.AsSpan(first + 12, bytes.Length - first - 16).ToArray());
    }

    [Fact]
    public void RecordsReadBackAsTheyWereAdded()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "events.out.tfevents.000001");
        var file = new TensorBoardFile(DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000));
        file.AddScalar("loss/train", 391, 1.5);
        byte[] png = TestImages.Encode(3, 2, SKEncodedImageFormat.Png, out _);
        file.AddImage("conv1", 391, png);
        file.Save(path);
        Assert.Equal([path], Directory.GetFiles(folder.Path));

        List<Dictionary<int, byte[]>> events = [.. Records(File.ReadAllBytes(path)).Select(Fields)];
        Assert.Equal(3, events.Count);
        Assert.Equal("brain.Event:2"u8, events[0][3]);
        Assert.Equal(1_700_000_000, BitConverter.ToDouble(events[1][1]));
        Assert.Equal(391, BitConverter.ToInt64(events[1][2]));
        Dictionary<int, byte[]> scalar = Fields(Fields(events[1][5])[1]), image = Fields(Fields(events[2][5])[1]);
        Assert.Equal("loss/train"u8, scalar[1]);
        Assert.Equal(1.5f, BitConverter.ToSingle(scalar[2]));
        Assert.Equal("conv1"u8, image[1]);
        image = Fields(image[4]);
        Assert.Equal((2, 3), (BitConverter.ToInt64(image[1]), BitConverter.ToInt64(image[2])));
        Assert.Equal(png[25] == 6 ? 4 : 3, BitConverter.ToInt64(image[3]));
        Assert.Equal(png, image[4]);
    }

    /// <summary>The data of the records, with checksums computed bit by bit, which shares no code with the writer.</summary>
    internal static List<byte[]> Records(byte[] bytes)
    {
        var records = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)));
            Assert.Equal(Masked(Crc32C(bytes.AsSpan(at, 8))), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            byte[] data = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(Crc32C(data)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            records.Add(data);
            at += 16 + length;
        }
        return records;
    }

    /// <summary>The fields of a protobuf message by number; numbers as eight bytes.</summary>
    internal static Dictionary<int, byte[]> Fields(byte[] message)
    {
        var fields = new Dictionary<int, byte[]>();
        int at = 0;
        long Varint()
        {
            long value = 0;
            for (int shift = 0; ; shift += 7)
            {
                value |= (long)(message[at] & 0x7F) << shift;
                if (message[at++] < 0x80)
                    return value;
            }
        }
        while (at < message.Length)
        {
            long key = Varint();
            int length = (key & 7) switch { 0 => 0, 1 => 8, 2 => (int)Varint(), 5 => 4, var type => throw new InvalidDataException($"wire type {type}") };
            fields.Add((int)(key >> 3), (key & 7) == 0 ? BitConverter.GetBytes(Varint()) : message[at..(at + length)]);
            at += length;
        }
        return fields;
    }

    private static uint Masked(uint crc) => ((crc >> 15) | (crc << 17)) + 0xA282EAD8;

    /// <summary>The definition: remainder by the polynomial 0x1EDC6F41, bits of a byte in reverse.</summary>
    private static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }
}
