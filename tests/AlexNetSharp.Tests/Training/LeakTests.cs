using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Tests.Training;

/// <summary>Ten thousand steps on JPEG files, decoded each time, with checkpoints and event files: memory stays where it was.</summary>
[Collection(nameof(Alone))]
public sealed class LeakTests
{
    private const int Epochs = 25, StepsPerEpoch = 400, BatchSize = 2;

    [Fact]
    [Trait(Slow.Name, Slow.Value)]
    public void TenThousandStepsLeakNothing()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 20; i++)
            folder.Write(
                $"images/{(char)('a' + i % SmallTraining.Classes)}/{i}.jpg",
                TestImages.Encode(20, 16, SKEncodedImageFormat.Jpeg, out _, seed: i));
        var files = new ClassFolders(folder.PathOf("images"), new ImageDecoder());
        // Every image many times over, so that an epoch is long.
        IImageDataset images = ImageSubset.Of(files, [.. Enumerable.Range(0, StepsPerEpoch * BatchSize).Select(i => i % files.Count)]);
        var preprocessing = new Preprocessing { Resize = ResizeMode.Square, ResizeTo = 14, CropHeight = 12, CropWidth = 12, Scale = 1 / 255f };
        var options = new DataLoaderOptions
        {
            BatchSize = BatchSize,
            Shuffle = true,
            Augmentation = new Augmentation { RandomCrop = true, HorizontalFlip = true },
        };
        using var training = new DataLoader(images, preprocessing, options);
        using var validation = new DataLoader(files, preprocessing, new DataLoaderOptions { BatchSize = BatchSize });
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(dropout: 0.5f), seed: 1);
        using var cpu = new CpuTraining(
            parameters, training, validation, new TrainerOptions { Epochs = Epochs, Schedule = new ConstantRate(0.001), ClipNorm = 5 }, threads: 2);
        Trainer trainer = cpu.Trainer;
        using var run = new RunFolder(folder.PathOf("run"));
        run.Attach(trainer, preprocessing, [.. files.Classes.Select(name => new ClassName(name, name))]);
        var managed = new List<long>();
        var resident = new List<long>();
        trainer.EpochDone += _ =>
        {
            managed.Add(GC.GetTotalMemory(forceFullCollection: true));
            resident.Add(Environment.WorkingSet);
        };
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(Epochs * StepsPerEpoch, trainer.Step);

        // The first epochs compile code and fill buffers. Later the heap may still grow once by a buffer; a leak grows in every epoch.
        long[] growth = [.. managed.Skip(5).Zip(managed.Skip(6), (before, after) => after - before).Order()];
        long process = resident[^1] - resident[10];
        Assert.True(growth[growth.Length / 2] < 4_000, $"the managed heap grows in every epoch: {string.Join(' ', managed)}");
        Assert.True(process < 20_000_000, $"the process grew by {process} bytes: {string.Join(' ', resident)}");
    }
}
