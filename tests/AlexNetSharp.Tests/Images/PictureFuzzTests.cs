using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Images;

namespace AlexNetSharp.Tests.Images;

/// <summary>Damaged pictures: either pixels or one clear error, and soon.</summary>
public class PictureFuzzTests
{
    /// <summary>ALEXNETSHARP_FUZZ sets the number of inputs; the usual run takes some thousands.</summary>
    private static readonly int Inputs =
        int.TryParse(Environment.GetEnvironmentVariable("ALEXNETSHARP_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 4000;

    [Fact]
    public void DamagedPicturesFailCleanlyOrDecode()
    {
        byte[][] seeds = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden", "pictures"))
            .Where(PictureFiles.HasPictureName).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Assert.True(seeds.Length > 10);
        // A header may honestly ask for whatever the limit allows, so the limit is low here: nothing may go beyond.
        var decoder = new PictureDecoder(new PictureDecoderOptions { MaxPixels = 1 << 20 });
        var pixels = new PixelBuffer();
        var random = new System.Random(20261123);
        int failed = 0;
        long slowest = 0, peakBefore = Process.GetCurrentProcess().PeakWorkingSet64;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] input = Mutations.Of(seeds, random);
            long start = Stopwatch.GetTimestamp();
            try
            {
                decoder.Decode(input, pixels, "fuzz");
                Assert.Equal(pixels.Height * pixels.Width * 3, pixels.Pixels.Length);
            }
            catch (Exception e) when (e is InvalidDataException or PictureTooLargeException)
            {
                failed++;
                Assert.StartsWith("fuzz: ", e.Message, StringComparison.Ordinal);
            }
            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - start);
        }
        Assert.InRange(failed, Inputs / 20, Inputs * 19 / 20);  // some get through and some do not: the mutations are neither too mild nor too wild
        Assert.True(slowest < 10 * Stopwatch.Frequency, $"one input took {slowest / (double)Stopwatch.Frequency:F1} s");
        using var process = Process.GetCurrentProcess();
        Assert.InRange(process.PeakWorkingSet64 - peakBefore, 0, 1L << 30);
    }
}
