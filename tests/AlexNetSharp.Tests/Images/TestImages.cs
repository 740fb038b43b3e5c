using System.Buffers.Binary;
using SkiaSharp;

namespace AlexNetSharp.Tests.Images;

/// <summary>Images made for tests.</summary>
internal static class TestImages
{
    /// <summary>An image of noise (or of the given pixels' function), encoded; <paramref name="rgb"/> receives its pixels.</summary>
    public static byte[] Encode(int width, int height, SKEncodedImageFormat format, out byte[] rgb, Func<int, int, int, byte>? pixel = null, int seed = 1)
    {
        var random = new System.Random(seed);
        rgb = new byte[width * height * 3];
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> target = WritableOf(bitmap);
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++, i++)
            {
                for (int c = 0; c < 3; c++)
                    target[4 * i + c] = rgb[3 * i + c] = pixel is null ? (byte)random.Next(256) : pixel(x, y, c);
                target[4 * i + 3] = 255;
            }
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    private static unsafe Span<byte> WritableOf(SKBitmap bitmap) => new((void*)bitmap.GetPixels(), bitmap.ByteCount);

    /// <summary>A PNG that promises much and holds nothing.</summary>
    public static byte[] PngHeader(int width, int height)
    {
        byte[] ihdr = [.. "IHDR"u8, 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(ihdr.AsSpan(4), width);
        BinaryPrimitives.WriteInt32BigEndian(ihdr.AsSpan(8), height);
        return [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. ihdr, .. BigEndian(Crc(ihdr)), 0, 0, 0, 0, .. "IDAT"u8, .. BigEndian(Crc("IDAT"u8)), .. new byte[100]];
    }

    /// <summary>A BMP that promises much and holds nothing.</summary>
    public static byte[] BmpHeader(int width, int height)
    {
        byte[] bmp = new byte[154];
        "BM"u8.CopyTo(bmp);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(2), 154);
        bmp[10] = 54;
        bmp[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), height);
        bmp[26] = 1;
        bmp[28] = 24;
        return bmp;
    }

    /// <summary>A GIF of one pixel on a huge canvas.</summary>
    public static byte[] GifHeader(ushort width, ushort height) =>
        [.. "GIF89a"u8, (byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8), 0x80, 0, 0, 0, 0, 0, 255, 255, 255,
            0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0, 0x3B];

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
