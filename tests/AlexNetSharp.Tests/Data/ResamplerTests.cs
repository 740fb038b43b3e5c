using System.Buffers.Binary;
using AlexNetSharp.Data;

namespace AlexNetSharp.Tests.Data;

public class ResamplerTests
{
    [Fact]
    public void EqualsPillow()
    {
        byte[] golden = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", "resize.bin"));
        var resampler = new Resampler();
        int at = 0, cases = 0;
        while (at < golden.Length)
        {
            int[] head = [.. Enumerable.Range(0, 6).Select(i => BinaryPrimitives.ReadInt32LittleEndian(golden.AsSpan(at + 4 * i)))];
            (int kind, int channels, int height, int width) = (head[0], head[1], head[4], head[5]);
            PixelBuffer source = Source(kind, channels, head[2], head[3]);
            byte[] expected = golden[(at + 24)..(at + 24 + height * width * channels)], actual = new byte[expected.Length];
            resampler.Resize(source, Whole(source), height, width, new PixelRegion(0, 0, height, width), actual, width * channels);
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{head[2]}×{head[3]} to {height}×{width}, {channels} channels: not Pillow's values");
            at += 24 + expected.Length;
            cases++;
        }
        Assert.Equal(64, cases);
    }

    [Theory]
    [InlineData(3), InlineData(1)]
    public void AWindowIsAPartOfTheWhole(int channels)
    {
        PixelBuffer source = Source(0, channels, 57, 43);
        var resampler = new Resampler();
        byte[] whole = new byte[90 * 70 * channels];
        resampler.Resize(source, Whole(source), 90, 70, new PixelRegion(0, 0, 90, 70), whole, 70 * channels);
        var window = new PixelRegion(11, 7, 33, 41);
        byte[] part = new byte[33 * 41 * channels];
        resampler.Resize(source, Whole(source), 90, 70, window, part, 41 * channels);
        for (int y = 0; y < 33; y++)
            Assert.Equal(whole.AsSpan(((11 + y) * 70 + 7) * channels, 41 * channels), part.AsSpan(y * 41 * channels, 41 * channels));
    }

    [Fact]
    public void PixelsOutsideTheRegionHaveNoInfluence()
    {
        PixelBuffer source = Source(0, 3, 40, 50), cut = new();
        var region = new PixelRegion(5, 9, 20, 30);
        cut.Reset(20, 30, 3);
        for (int y = 0; y < 20; y++)
            source.Pixels.Slice(((5 + y) * 50 + 9) * 3, 90).CopyTo(cut.Pixels[(y * 90)..]);
        byte[] first = new byte[16 * 16 * 3], second = new byte[16 * 16 * 3];
        var all = new PixelRegion(0, 0, 16, 16);
        var resampler = new Resampler();
        resampler.Resize(source, region, 16, 16, all, first, 48);
        resampler.Resize(cut, Whole(cut), 16, 16, all, second, 48);
        Assert.Equal(first, second);
        resampler.Resize(source, region, 20, 30, new PixelRegion(0, 0, 20, 30), first = new byte[1800], 90);
        Assert.Equal(cut.Pixels.ToArray(), first);
    }

    internal static PixelRegion Whole(PixelBuffer image) => new(0, 0, image.Height, image.Width);

    /// <summary>The same image that the script of the reference values makes.</summary>
    internal static PixelBuffer Source(int kind, int channels, int height, int width)
    {
        var image = new PixelBuffer();
        image.Reset(height, width, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            uint mixed = unchecked((uint)i * 2654435761 + 12345);
            int c = i % channels, x = i / channels % width, y = i / channels / width;
            image.Pixels[i] = kind == 0 ? (byte)(unchecked(mixed * mixed) >> 24) : (byte)(y * 255 / Math.Max(height - 1, 1) + x * 3 + c * 40);
        }
        return image;
    }
}
