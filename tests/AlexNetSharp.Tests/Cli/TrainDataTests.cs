using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Images;

namespace AlexNetSharp.Tests.Cli;

/// <summary>The images of a training: their sizes, and the memory that they may take.</summary>
public sealed class TrainDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ImagesAreTakenAsTheyAreOnlyIfAllHaveTheSizeOfTheImages()
    {
        Image("one/train/a/1.png", 32, 32);
        Image("one/train/b/1.png", 32, 32);
        Image("one/val/b/1.png", 32, 32);
        Assert.Equal((ResizeMode.Square, 32), Input("one"));
        Image("one/train/b/2.png", 50, 20);
        Assert.Equal((ResizeMode.Square, 32), Input("one"));
        // Only a validation image has another size.
        File.Delete(_folder.PathOf("one/train/b/2.png"));
        Image("one/val/b/2.png", 20, 20);
        Assert.Equal((ResizeMode.Square, 32), Input("one"));

        (ResizeMode Mode, int Size) Input(string data)
        {
            Preprocessing preprocessing = Open(Settings(data)).Preprocessing;
            return (preprocessing.Resize, preprocessing.CropHeight);
        }
    }

    [Fact]
    public void TrainingAndValidationShareTheMemoryOfTheCache()
    {
        foreach (string name in (string[])["train/a", "train/b", "val/a", "val/b"])
            Image($"data/{name}/1.png", 8, 8);
        // A cache takes its memory in blocks of 4 MiB: the first is for the training images.
        TrainData data = Open(Settings("data") with { CacheMegabytes = 4 });
        Assert.Equal((2, 0), (((CachedImages)data.Training).CachedCount, ((CachedImages)data.Validation!).CachedCount));
        data = Open(Settings("data") with { CacheMegabytes = 8 });
        Assert.Equal((2, 2), (((CachedImages)data.Training).CachedCount, ((CachedImages)data.Validation!).CachedCount));
    }

    [Fact]
    public void PackedImagesAreNotKeptTwice()
    {
        byte[] record = new byte[3073];
        _folder.Write("cifar/data_batch_1.bin", [.. record, .. record, .. record]);
        _folder.Write("cifar/test_batch.bin", record);
        TrainData data = Open(Settings("cifar"));
        Assert.IsType<PackedImages>(data.Training);
        Assert.IsType<PackedImages>(data.Validation);
        Assert.IsNotType<CachedImages>(Open(Settings("cifar") with { ValidationSplit = 0.4 }).Training);
    }

    private void Image(string name, int height, int width) =>
        _folder.Write(name, TestImages.Encode(width, height, SkiaSharp.SKEncodedImageFormat.Png, out _));

    private TrainSettings Settings(string data) => new()
    {
        Data = _folder.PathOf(data),
        Network = "cifar10-quick",
        Initial = "network",
        Normalize = "none",
        Resize = "auto",
        Epochs = 1,
        BatchSize = 1,
        LearningRate = 0.1,
        Schedule = "constant",
        Seed = 1,
        CacheMegabytes = 100,
    };

    private static TrainData Open(TrainSettings settings)
    {
        using StringWriter output = new(), error = new();
        var context = new CommandContext(new RootCommand().Parse(""), output, error, new ProgressLine(null, () => 80), TestContext.Current.CancellationToken);
        return TrainData.Open(settings, context, stored: null);
    }
}
