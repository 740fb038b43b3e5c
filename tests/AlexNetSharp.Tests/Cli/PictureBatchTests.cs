using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

public class PictureBatchTests
{
    [Fact]
    public void PicturesAreNormalisedAndRepeated()
    {
        using var folder = new TemporaryFolder();
        // One grey level each, so that neither resizing nor cropping changes a pixel.
        foreach ((string name, byte level) in (IEnumerable<(string, byte)>)[("a.png", 0), ("b.png", 255)])
            folder.Write(name, Pictures.Encode(50, 40, SKEncodedImageFormat.Png, out _, (_, _, _) => level));
        var pictures = new PictureBatch(folder.Path, "torchvision", imageSize: 64, batchSize: 5);
        Assert.Equal(2, pictures.Count);

        const int length = 64 * 64 * 3;
        var batch = new float[5 * length];
        pictures.Fill(batch);
        // (0 − mean) / deviation and (1 − mean) / deviation of ImageNet's red.
        for (int n = 0; n < 5; n++)
            Assert.Equal(((n % 2) - 0.485f) / 0.229f, batch[n * length], 1e-5f);
        Assert.Equal((1 - 0.406f) / 0.225f, batch[length + 2], 1e-5f);
    }

    [Fact]
    public void OnlyWhatTheBatchHoldsIsRead()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.png", Pictures.Encode(50, 40, SKEncodedImageFormat.Png, out _));
        folder.Write("b.png", "no picture"u8);
        Assert.Equal(1, new PictureBatch(folder.Path, "torchvision", imageSize: 64, batchSize: 1).Count);
    }
}
