using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Images;

/// <summary>Images as people have them: very large, made to cost time, ending early, turned by odd tags, of other formats.</summary>
public class ImageDecoderLimitTests
{
    private readonly ImageDecoder _decoder = new();
    private readonly PixelBuffer _pixels = new();

    [Theory]
    [InlineData(1_080_000, 512, 1200, 900)]
    [InlineData(1_079_999, 100, 600, 450)]
    [InlineData(200_000, 100, 300, 225)]
    [InlineData(1_000, 100, 150, 113)]
    [InlineData(1_000, 300, 600, 450)]
    [InlineData(1_000, 500, 1200, 900)]
    public void ALargeJpegIsDecodedAtAPartOfItsSize(int beyond, int side, int width, int height)
    {
        byte[] jpeg = TestImages.Encode(1200, 900, SKEncodedImageFormat.Jpeg, out _, (x, y, c) => (byte)((c == 0 ? x : y) / 5));
        new ImageDecoder(new ImageDecoderOptions { ReduceBeyond = beyond, ReducedSide = side }).Decode(jpeg, _pixels, "large");
        Assert.Equal((width, height), (_pixels.Width, _pixels.Height));
        // The same picture: each pixel is the mean of those that it stands for.
        int part = 1200 / width;
        for (int y = 0; y < height; y += 37)
            for (int x = 0; x < width; x += 37)
            {
                Assert.InRange(_pixels.Pixels[3 * (y * width + x)] - part * (x + 0.5) / 5, -4, 4);
                Assert.InRange(_pixels.Pixels[3 * (y * width + x) + 1] - part * (y + 0.5) / 5, -4, 4);
            }
    }

    [Fact]
    public void OnlyWhatIsKeptOfABaselineJpegCountsAgainstTheLimit()
    {
        byte[] jpeg = TestImages.Encode(1200, 900, SKEncodedImageFormat.Jpeg, out _, (x, y, c) => (byte)x), png = TestImages.Encode(1200, 900, SKEncodedImageFormat.Png, out _, (x, y, c) => 0);
        var options = new ImageDecoderOptions { ReduceBeyond = 300_000, ReducedSide = 100, MaxPixels = 300_000 };
        var decoder = new ImageDecoder(options);
        decoder.Decode(jpeg, _pixels, "jpeg");
        Assert.Equal((600, 450), (_pixels.Width, _pixels.Height));
        Assert.Throws<ImageTooLargeException>(() => decoder.Decode(png, _pixels, "png"));
        byte[] progressive = Progressive(64, 64, 2);
        new ImageDecoder(options with { ReduceBeyond = 1, ReducedSide = 1, MaxPixels = 64 * 64 }).Decode(progressive, _pixels, "progressive");
        Assert.Equal((8, 8), (_pixels.Width, _pixels.Height));
        Assert.Throws<ImageTooLargeException>(() =>
            new ImageDecoder(options with { ReduceBeyond = 1, ReducedSide = 1, MaxPixels = 64 * 64 - 1 }).Decode(progressive, _pixels, "progressive"));
    }

    [Fact]
    public void AJpegOfManyScansAndPixelsIsRefusedBeforeItIsDecoded()
    {
        // The attack: 411 kB that took eight seconds.
        byte[] bomb = Progressive(8184, 8184, 200);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        string message = Assert.Throws<ImageTooLargeException>(() => _decoder.Decode(bomb, _pixels, "bomb")).Message;
        Assert.Contains("bomb: too expensive to decode (8184×8184 pixels in 200 scans", message, StringComparison.Ordinal);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 1);
        byte[] some = Progressive(200, 200, 2);
        new ImageDecoder(new ImageDecoderOptions { MaxPixelScans = 80_000 }).Decode(some, _pixels, "some");
        Assert.Throws<ImageTooLargeException>(() => new ImageDecoder(new ImageDecoderOptions { MaxPixelScans = 79_999 }).Decode(some, _pixels, "some"));
    }

    [Fact]
    public void AGifOrBmpOfFewBytesThatClaimsMillionsOfPixelsIsRefused()
    {
        foreach (byte[] header in new[] { TestImages.GifHeader(4898, 4898), TestImages.BmpHeader(4898, 4898) })
            Assert.Contains("truncated", Assert.Throws<InvalidDataException>(() => _decoder.Decode(header, _pixels, "liar")).Message, StringComparison.Ordinal);
        _decoder.Decode(TestImages.GifHeader(200, 200), _pixels, "a canvas");
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, 128)]
    [InlineData(SKEncodedImageFormat.Png, 0)]
    public void AnImageThatEndsEarlyIsShownAsFarAsItGoesWhereThatIsAskedFor(SKEncodedImageFormat format, int missing)
    {
        byte[] whole = TestImages.Encode(64, 64, format, out _);
        var all = new PixelBuffer();
        _decoder.Decode(whole, all, "whole");
        List<string> warnings = [];
        var decoder = new ImageDecoder(new ImageDecoderOptions { ShowTruncated = warnings.Add });
        decoder.Decode(whole, _pixels, "whole");
        Assert.Empty(warnings);
        decoder.Decode(whole.AsSpan(0, whole.Length / 2), _pixels, "half");
        Assert.Equal($"half: truncated; decoded as far as the {(format == SKEncodedImageFormat.Png ? "PNG" : "JPEG")} data goes.", Assert.Single(warnings));
        Assert.Equal((64, 64), (_pixels.Width, _pixels.Height));
        Assert.Equal(all.Pixels[..(3 * 64 * 8)].ToArray(), _pixels.Pixels[..(3 * 64 * 8)].ToArray());
        Assert.All(_pixels.Pixels[^(3 * 64 * 8)..].ToArray(), value => Assert.Equal(missing, value));
        Assert.Throws<InvalidDataException>(() => decoder.Decode(whole.AsSpan(0, 30), _pixels, "nothing"));
    }

    [Theory]
    [InlineData(1, 1), InlineData(3, 2), InlineData(4, 4), InlineData(6, 1), InlineData(8, 2), InlineData(9, 4)]
    public void TheOrientationMayBeAnIntegerOfAnyType(ushort type, int bytes)
    {
        foreach (bool little in (bool[])[true, false])
        {
            byte[] tiff = Tiff(type, bytes, 6, little);
            byte[] jpeg = TestImages.Encode(24, 16, SKEncodedImageFormat.Jpeg, out _), png = TestImages.Encode(24, 16, SKEncodedImageFormat.Png, out _),
                webp = TestImages.Encode(24, 16, SKEncodedImageFormat.Webp, out _);
            byte[] segment = [0xFF, 0xE1, 0, (byte)(8 + tiff.Length), .. "Exif\0\0"u8, .. tiff];
            Turned([.. jpeg[..2], .. segment, .. jpeg[2..]]);
            // Behind the header of 33 bytes; the checksum of a chunk that is not needed is not looked at.
            // WebP's extended form: a header of flags and sizes, the image as it was, the EXIF data behind it.
            byte[] header = [.. "VP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, 23, 0, 0, 15, 0, 0], exif = [.. "EXIF"u8, (byte)tiff.Length, 0, 0, 0, .. tiff, .. new byte[tiff.Length & 1]];
            byte[] chunks = [.. "WEBP"u8, .. header, .. webp[12..], .. exif];
            Turned([.. "RIFF"u8, .. BitConverter.GetBytes(chunks.Length), .. chunks]);
            Turned([.. png[..33], 0, 0, 0, (byte)tiff.Length, .. "eXIf"u8, .. tiff, .. Crc([.. "eXIf"u8, .. tiff]), .. png[33..]]);
        }

        void Turned(byte[] file)
        {
            _decoder.Decode(file, _pixels, "turned");
            Assert.Equal((16, 24), (_pixels.Width, _pixels.Height));
        }
    }

    [Theory]
    [InlineData("\0\0\0\u0018ftypheic\0\0", "a HEIC image, which is not supported; convert it")]
    [InlineData("\0\0\0\u0018ftypmif1\0\0", "a HEIC image")]
    [InlineData("\0\0\0\u0020ftypavif\0\0", "an AVIF image")]
    [InlineData("\0\0\0\u0020ftypisom\0\0", "a video")]
    [InlineData("II*\0\b\0\0\0", "a TIFF")]
    [InlineData("MM\0*\0\0\0\b", "a TIFF")]
    [InlineData("\u00ff\u000a\0\0", "a JPEG XL image")]
    [InlineData("\0\0\0\u000cjP  ", "a JPEG 2000 image")]
    [InlineData("8BPS\0\u0001", "a Photoshop image")]
    [InlineData("%PDF-1.7", "a PDF")]
    [InlineData("<svg xmlns=", "an SVG")]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer")]
    [InlineData("\n<!DOCTYPE html>", "a web page")]
    [InlineData("text", "not a JPEG")]
    public void AnImageOfAnotherFormatIsCalledByItsName(string start, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(start);
        string message = Assert.Throws<InvalidDataException>(() => _decoder.Decode(bytes, _pixels, "a.jpg")).Message;
        Assert.StartsWith("a.jpg: " + expected, message, StringComparison.Ordinal);
        for (int length = 1; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => _decoder.Decode(bytes.AsSpan(0, length), _pixels, "a.jpg"));
    }

    /// <summary>A directory of one entry, the orientation.</summary>
    private static byte[] Tiff(ushort type, int bytes, byte value, bool little)
    {
        byte[] tiff = [.. little ? "II*\0"u8 : "MM\0*"u8, .. new byte[4 + 2 + 12 + 4]];
        Span<byte> rest = tiff.AsSpan(4);
        Write(rest, 8, 4);
        Write(rest[4..], 1, 2);
        Write(rest[6..], 274, 2);
        Write(rest[8..], type, 2);
        Write(rest[10..], 1, 4);
        Write(rest[14..], value, bytes);
        return tiff;

        void Write(Span<byte> target, uint number, int size)
        {
            for (int i = 0; i < size; i++)
                target[i] = (byte)(number >> 8 * (little ? i : size - 1 - i));
        }
    }

    private static byte[] Crc(byte[] data)
    {
        byte[] crc = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(crc, TestImages.Crc(data));
        return crc;
    }

    /// <summary>A progressive JPEG of zeros: one scan of the first coefficients, then scans of the others, which end at once.</summary>
    private static byte[] Progressive(ushort width, ushort height, int scans)
    {
        int blocks = (width + 7) / 8 * ((height + 7) / 8);
        byte[] first = new byte[(blocks + 7) / 8];
        if (blocks % 8 > 0)
            first[^1] = (byte)((1 << 8 - blocks % 8) - 1);
        // Blocks that end at once, in runs of up to 32767: a code of one bit and fourteen bits of the length; below 16384 two bits each.
        var bits = new List<bool>();
        for (int left = blocks; left > 0;)
        {
            int run = left >= 16384 ? Math.Min(left, 32767) : 1;
            left -= run;
            bits.AddRange(run == 1 ? [true, false] : [false, .. Enumerable.Range(0, 14).Select(i => (run - 16384 >> 13 - i & 1) != 0)]);
        }
        while (bits.Count % 8 > 0)
            bits.Add(true);
        byte[] rest = [.. bits.Chunk(8).SelectMany(chunk => chunk.Aggregate(0, (value, bit) => 2 * value + (bit ? 1 : 0)) is var value && value == 255 ? new byte[] { 255, 0 } : [(byte)value])];
        byte[] tables = [0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64),
            0xFF, 0xC2, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0,
            0xFF, 0xC4, 0, 20, 0, 1, .. new byte[15], 0, 0xFF, 0xC4, 0, 21, 0x10, 1, 1, .. new byte[14], 0xE0, 0];
        byte[] scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0xDC, .. rest];
        return [0xFF, 0xD8, .. tables, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0x0D, .. first,
            .. Enumerable.Range(1, scans - 1).SelectMany(i => i == 1 ? [.. scan[..9], 0x0D, .. scan[10..]] : scan), 0xFF, 0xD9];
    }
}
