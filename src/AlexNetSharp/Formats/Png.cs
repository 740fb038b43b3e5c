using System.Buffers.Binary;
using System.IO.Compression;

namespace AlexNetSharp.Formats;

/// <summary>Encodes pixels as PNG (ISO/IEC 15948): 8 bits a channel, gray or RGB, no filter, one IDAT chunk.</summary>
internal static class Png
{
    private static readonly uint[] ChecksumTable = MakeChecksumTable();

    /// <summary>A whole PNG file.</summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="channels">1 (gray) or 3 (red, green, blue).</param>
    /// <param name="pixels">[height, width, channels].</param>
    /// <exception cref="ArgumentException">A size is out of range or does not fit <paramref name="pixels"/>.</exception>
    public static byte[] Encode(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3) || pixels.Length != (long)width * height * channels)
            throw new ArgumentException(FormattableString.Invariant(
                $"{pixels.Length} values are no image of {width} × {height} pixels with {channels} channels"), nameof(pixels));

        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // bits a channel
        header[9] = (byte)(channels == 3 ? 2 : 0); // color type
        header[10..].Clear(); // deflate, the five filters, not interlaced
        WriteChunk(png, "IHDR"u8, header);

        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            for (int y = 0; y < height; y++)
            {
                deflate.WriteByte(0); // this row's filter: none
                deflate.Write(pixels.Slice(y * width * channels, width * channels));
            }
        WriteChunk(png, "IDAT"u8, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Checksum(Checksum(uint.MaxValue, type), data));
        png.Write(number);
    }

    /// <summary>Continues a CRC-32 with the polynomial of ISO 3309, bits reversed.</summary>
    private static uint Checksum(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
            crc = ChecksumTable[(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }

    private static uint[] MakeChecksumTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }
        return table;
    }
}
