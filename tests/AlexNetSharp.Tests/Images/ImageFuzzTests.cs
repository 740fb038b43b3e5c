using System.Diagnostics;
using AlexNetSharp.Data;
using AlexNetSharp.Images;

namespace AlexNetSharp.Tests.Images;

/// <summary>Damaged images: either pixels or one clear error, and soon.</summary>
public class ImageFuzzTests
{
    private const int UsualInputs = 4000;

    [Fact]
    public void DamagedImagesFailCleanlyOrDecode()
    {
        byte[][] seeds = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden", "pictures"))
            .Where(ImageFiles.HasImageName).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Assert.True(seeds.Length > 10);
        // A header may honestly ask for whatever the limit allows, so the limit is low here: nothing may go beyond.
        var decoder = new ImageDecoder(new ImageDecoderOptions { MaxPixels = 1 << 20 });
        var pixels = new PixelBuffer();
        var random = new System.Random(20261123);
        long peakBefore = Process.GetCurrentProcess().PeakWorkingSet64;
        var report = new FuzzReport("images", UsualInputs);
        for (int i = 0; i < report.Inputs; i++)
        {
            byte[] input = Mutations.Of(seeds, random);
            bool refused = false;
            report.Begin();
            try
            {
                decoder.Decode(input, pixels, "fuzz");
                Assert.Equal(pixels.Height * pixels.Width * 3, pixels.Pixels.Length);
            }
            catch (Exception e) when (e is InvalidDataException or ImageTooLargeException)
            {
                refused = true;
                Assert.StartsWith("fuzz: ", e.Message, StringComparison.Ordinal);
            }
            report.End(refused);
        }
        report.Finish(report.Inputs / 20, report.Inputs * 19 / 20);
        using var process = Process.GetCurrentProcess();
        // Linux' figure is off by some pages for each processor: the difference may be negative.
        Assert.InRange(process.PeakWorkingSet64 - peakBefore, -(1L << 24), 1L << 30);
    }
}
