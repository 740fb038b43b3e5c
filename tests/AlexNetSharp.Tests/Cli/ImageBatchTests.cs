using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Images;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

public class ImageBatchTests
{
    [Fact]
    public void ImagesAreNormalizedAndRepeated()
    {
        using var folder = new TemporaryFolder();
        // One gray level each, so that neither resizing nor cropping changes a pixel.
        foreach ((string name, byte level) in (IEnumerable<(string, byte)>)[("a.png", 0), ("b.png", 255)])
            folder.Write(name, TestImages.Encode(50, 40, SKEncodedImageFormat.Png, out _, (_, _, _) => level));
        var images = new ImageBatch(folder.Path, Preprocessing.ImageNet.For(64), 5, new ImageDecoder());
        Assert.Equal(2, images.Count);

        const int length = 64 * 64 * 3;
        var batch = new float[5 * length];
        images.Fill(batch);
        // (0 − mean) / deviation and (1 − mean) / deviation of ImageNet's red.
        for (int n = 0; n < 5; n++)
            Assert.Equal(((n % 2) - 0.485f) / 0.229f, batch[n * length], 1e-5f);
        Assert.Equal((1 - 0.406f) / 0.225f, batch[length + 2], 1e-5f);
    }

    [Fact]
    public void OnlyWhatTheBatchHoldsIsRead()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.png", TestImages.Encode(50, 40, SKEncodedImageFormat.Png, out _));
        folder.Write("b.png", "no image"u8);
        Assert.Equal(1, new ImageBatch(folder.Path, Preprocessing.ImageNet.For(64), 1, new ImageDecoder()).Count);
    }
}
