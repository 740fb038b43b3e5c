using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Training;
using AlexNetSharp.Training.Protos;

namespace AlexNetSharp.Tests.Training;

public sealed class TensorBoardFileTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    public void The_checksum_is_masked_CRC_32C(string text, uint crc)
    {
        // Known answers of CRC-32C (RFC 3720, appendix B.4, and the usual check value); the mask is TFRecord's.
        uint expected = ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
        Assert.Equal(expected, TensorBoardFile.MaskedChecksum(Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public void A_scalar_is_the_bytes_that_TensorBoards_schema_asks_for()
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
    public void Records_read_back_as_they_were_added()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "events.out.tfevents.000001");
        var file = new TensorBoardFile(DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000));
        file.AddScalar("loss/train", 391, 1.5);
        byte[] pixels = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180];
        file.AddImage("conv1", 391, 3, 2, 3, pixels);
        file.Save(path);
        Assert.Equal([path], Directory.GetFiles(folder.Path));

        List<Event> events = Read(File.ReadAllBytes(path));
        Assert.Equal(3, events.Count);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal(1_700_000_000, events[1].WallTime);
        Assert.Equal(391, events[1].Step);
        Assert.Equal("loss/train", events[1].Summary.Value[0].Tag);
        Assert.Equal(1.5f, events[1].Summary.Value[0].SimpleValue);

        Summary.Types.Image image = events[2].Summary.Value[0].Image;
        Assert.Equal((2, 3, 3), (image.Height, image.Width, image.Colorspace));
        // Another implementation decodes the image to the same pixels.
        var decoded = new PixelBuffer();
        new ImageDecoder().Decode(image.EncodedImageString.Span, decoded, "conv1");
        Assert.Equal((2, 3, 3), (decoded.Height, decoded.Width, decoded.Channels));
        Assert.Equal(pixels, decoded.Pixels.ToArray());
    }

    /// <summary>Record by record with a checksum computed bit by bit, which shares no code with the writer.</summary>
    private static List<Event> Read(byte[] bytes)
    {
        var events = new List<Event>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)));
            Assert.Equal(Masked(Crc32C(bytes.AsSpan(at, 8))), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            ReadOnlySpan<byte> data = bytes.AsSpan(at + 12, length);
            Assert.Equal(Masked(Crc32C(data)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            events.Add(Event.Parser.ParseFrom(data));
            at += 16 + length;
        }
        return events;
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
