using AlexNetSharp.Data;
using AlexNetSharp.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Images;

public class ImageDecoderTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "pictures");
    private readonly ImageDecoder _decoder = new();
    private readonly PixelBuffer _pixels = new();

    public static TheoryData<string, int> Fixtures => new()
    {
        { "plain.jpg", 1 }, { "progressive.jpg", 1 }, { "gray.jpg", 1 }, { "cmyk.jpg", 2 }, { "plain.bmp", 0 }, { "palette.png", 0 },
        { "frames.gif", 0 }, { "lossless.webp", 0 }, { "rgb16.png", 0 }, { "gray16.png", 0 }, { "alpha.png", 1 },
        { "orientation1.jpg", 1 }, { "orientation2.jpg", 1 }, { "orientation3.jpg", 1 }, { "orientation4.jpg", 1 },
        { "orientation5.jpg", 1 }, { "orientation6.jpg", 1 }, { "orientation7.jpg", 1 }, { "orientation8.jpg", 1 },
    };

    [Theory, MemberData(nameof(Fixtures))]
    public void EveryFormatDecodesToThePixelsThatPillowReads(string name, int tolerance)
    {
        byte[] expected = File.ReadAllBytes(Path.Combine(Folder, name + ".rgb"));
        _decoder.DecodeFile(Path.Combine(Folder, name), _pixels);
        Assert.Equal((16, 24, 3), (_pixels.Height, _pixels.Width, _pixels.Channels));
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - _pixels.Pixels[i]) <= tolerance,
                $"{name}: value {i} is {_pixels.Pixels[i]}, Pillow reads {expected[i]}");
    }

    [Theory]
    [InlineData(1, 1), InlineData(5, 1), InlineData(6, 1), InlineData(7, 3), InlineData(333, 17)]
    public void PngComesBackExactly(int width, int height)
    {
        byte[] png = TestImages.Encode(width, height, SKEncodedImageFormat.Png, out byte[] rgb);
        _decoder.Decode(png, _pixels, "a.png");
        Assert.Equal((height, width), (_pixels.Height, _pixels.Width));
        Assert.Equal(rgb, _pixels.Pixels.ToArray());
        using var stream = new MemoryStream(png);
        var second = new PixelBuffer();
        _decoder.Decode(stream, second, "a.png");
        Assert.Equal(rgb, second.Pixels.ToArray());
    }

    [Fact]
    public void StreamsOfAnySizeAreRead()
    {
        byte[] png = TestImages.Encode(300, 300, SKEncodedImageFormat.Png, out byte[] rgb);
        Assert.True(png.Length > 200_000);  // larger than the first buffer
        using var stream = new MemoryStream(png);
        _decoder.Decode(stream, _pixels, "noise.png");
        Assert.Equal(rgb, _pixels.Pixels.ToArray());
    }

    [Fact]
    public void TheBackgroundShowsThrough()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(2, 1, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.SetPixel(0, 0, new SKColor(200, 100, 50, 0));
        bitmap.SetPixel(1, 0, new SKColor(200, 100, 50, 51));
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        new ImageDecoder(new ImageDecoderOptions { Background = (10, 20, 30) }).Decode(png.AsSpan(), _pixels, "a.png");
        Assert.Equal(new byte[] { 10, 20, 30, 48, 36, 34 }, _pixels.Pixels.ToArray());
    }

    [Fact]
    public void DecodingAgainAllocatesAlmostNothing()
    {
        byte[] jpeg = TestImages.Encode(500, 375, SKEncodedImageFormat.Jpeg, out _);
        for (int i = 0; i < 5; i++)
            _decoder.Decode(jpeg, _pixels, "a.jpg");
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            _decoder.Decode(jpeg, _pixels, "a.jpg");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10 * 2048);  // one image is 562,500 bytes
    }

    [Fact]
    public void WhatIsNotAImageIsNamedInOneLine()
    {
        using var folder = new TemporaryFolder();
        string missing = folder.PathOf("missing.jpg");
        Fails<FileNotFoundException>(missing, "no such file");
        Fails<FileNotFoundException>(folder.PathOf("none/missing.jpg"), "no such file");
        Fails<UnauthorizedAccessException>(folder.Path, "a folder");
        Fails<InvalidDataException>(folder.Write("empty.jpg", []), "empty");
        Fails<InvalidDataException>(folder.Write("text.jpg", "not an image at all"u8), "not a JPEG");
        Fails<InvalidDataException>(folder.Write("zeros.jpg", new byte[5000]), "not a JPEG");
        Fails<InvalidDataException>(folder.Write("magic.jpg", [0xFF, 0xD8, 0xFF]), "damaged or cut short");
        Fails<InvalidDataException>("/dev/null", "empty");

        void Fails<T>(string path, string reason) where T : Exception
        {
            string message = Assert.Throws<T>(() => _decoder.DecodeFile(path, _pixels)).Message;
            Assert.StartsWith(path + ": ", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg), InlineData(SKEncodedImageFormat.Png), InlineData(SKEncodedImageFormat.Webp)]
    public void ATruncatedImageFailsWhereverItIsCut(SKEncodedImageFormat format)
    {
        byte[] whole = TestImages.Encode(40, 30, format, out _);
        _decoder.Decode(whole, _pixels, "whole");
        for (int length = 1; length < whole.Length - 24; length += 7)  // PNG ends with checksums and a marker, which hold no pixels
            Assert.StartsWith("cut: ", Assert.Throws<InvalidDataException>(() => _decoder.Decode(whole.AsSpan(0, length), _pixels, "cut")).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frames.gif", 840), InlineData("plain.bmp", 1)]
    public void TruncatedFixturesFail(string name, int whatDoesNotMatter)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(Folder, name));
        for (int length = 1; length < whole.Length - whatDoesNotMatter; length += 11)
            Assert.Throws<InvalidDataException>(() => _decoder.Decode(whole.AsSpan(0, length), _pixels, "cut"));
    }

    [Fact]
    public void AHeaderOfSixtyThousandSquaredTakesNoMemory()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] header in new[] { TestImages.PngHeader(60000, 60000), TestImages.BmpHeader(60000, 60000), TestImages.GifHeader(60000, 60000) })
        {
            string message = Assert.Throws<ImageTooLargeException>(() => _decoder.Decode(header, _pixels, "huge")).Message;
            Assert.StartsWith("huge: too large (60000×60000 pixels", message, StringComparison.Ordinal);
        }
        Assert.Contains("65535 per side", Assert.Throws<ImageTooLargeException>(() => _decoder.Decode(TestImages.PngHeader(66000, 1), _pixels, "long")).Message,
            StringComparison.Ordinal);
        string small = Assert.Throws<InvalidDataException>(() => _decoder.Decode(TestImages.PngHeader(8000, 8000), _pixels, "liar")).Message;
        Assert.StartsWith("liar: truncated", small, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void LimitsAreKept()
    {
        byte[] png = TestImages.Encode(20, 10, SKEncodedImageFormat.Png, out _);
        new ImageDecoder(new ImageDecoderOptions { MaxPixels = 200 }).Decode(png, _pixels, "a");
        Assert.Contains("limit is 199", Assert.Throws<ImageTooLargeException>(() =>
            new ImageDecoder(new ImageDecoderOptions { MaxPixels = 199 }).Decode(png, _pixels, "a")).Message, StringComparison.Ordinal);
        using var stream = new MemoryStream(png);
        Assert.Contains("limit is 100", Assert.Throws<ImageTooLargeException>(() =>
            new ImageDecoder(new ImageDecoderOptions { MaxFileBytes = 100 }).Decode(stream, _pixels, "a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileLargerThanAnArrayIsTooLargeWhateverTheLimit()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("huge.png");
        // A file of nothing but a hole.
        using (var file = new FileStream(path, FileMode.CreateNew))
            file.SetLength(int.MaxValue);
        Assert.Contains($"the limit is {Array.MaxLength - 1}", Assert.Throws<ImageTooLargeException>(() =>
            new ImageDecoder(new ImageDecoderOptions { MaxFileBytes = int.MaxValue }).DecodeFile(path, _pixels)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AJpegOfThousandsOfScansIsRefused()
    {
        byte[] jpeg = File.ReadAllBytes(Path.Combine(Folder, "progressive.jpg"));
        int scan = jpeg.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] last = jpeg[scan..^2];
        byte[] bomb = [.. jpeg[..^2], .. Enumerable.Repeat(last, 3000).SelectMany(b => b), 0xFF, 0xD9];
        Assert.Contains("scans", Assert.Throws<InvalidDataException>(() => _decoder.Decode(bomb, _pixels, "bomb")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AJpegDamagedInTheMiddleIsRefused()
    {
        byte[] whole = TestImages.Encode(200, 200, SKEncodedImageFormat.Jpeg, out _);
        Assert.Null(JpegStructure.FindDamage(whole));
        var random = new System.Random(3);
        int found = 0;
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = (byte[])whole.Clone();
            random.NextBytes(damaged.AsSpan(random.Next(whole.Length / 4, whole.Length * 3 / 4), 2048));
            try
            {
                _decoder.Decode(damaged, _pixels, "torn.jpg");
            }
            catch (InvalidDataException e)
            {
                found++;
                Assert.StartsWith("torn.jpg: ", e.Message, StringComparison.Ordinal);
            }
        }
        Assert.InRange(found, 190, 200);
    }

    [Fact]
    public void RestartMarkersComeInTurn()
    {
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xDD, 0, 4, 0, 1, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 2, 0xFF, 0xD0, 3, 0xFF, 0xD1, 4, 0xFF, 0xD9, 0xFF, 5];
        Assert.Null(JpegStructure.FindDamage(jpeg));
        jpeg[20] = 0xD2;
        Assert.Contains("FF D2 inside the compressed data (offset 19)", JpegStructure.FindDamage(jpeg), StringComparison.Ordinal);
        jpeg[20] = 0xD1;
        jpeg[7] = 0;
        Assert.Contains("offset 16", JpegStructure.FindDamage(jpeg), StringComparison.Ordinal);
        for (int length = 2; length < jpeg.Length; length++)
            JpegStructure.FindDamage(jpeg.AsSpan(0, length));
    }
}
