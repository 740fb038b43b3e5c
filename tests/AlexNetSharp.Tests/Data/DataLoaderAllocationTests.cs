using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Data;

/// <summary>Loading and augmenting allocates no managed memory, on no thread.</summary>
[Collection(nameof(Alone))]
public sealed class DataLoaderAllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SteadyRunningAllocatesNothing(bool resized)
    {
        var pca = new ColorPca([30, 30, 30, 5, 0, -5, 1, -2, 1]);
        var augmentation = resized
            ? new Augmentation { RandomResizedCrop = new RandomResizedCrop(), HorizontalFlip = true, ColorPca = pca }
            : new Augmentation { RandomCrop = true, Padding = 2, HorizontalFlip = true, ColorPca = pca };
        var preprocessing = new Preprocessing { Resize = ResizeMode.ShorterSide, ResizeTo = 28, CropHeight = 24, CropWidth = 24 };
        using var loader = new DataLoader(
            new SyntheticImages(8 * (50 + 5 * 40), 40, 50), preprocessing,
            new DataLoaderOptions { BatchSize = 8, Threads = 2, Shuffle = true, Augmentation = augmentation });
        // A reading of an epoch allocates its enumerator once, a step of it nothing.
        using IEnumerator<Batch> reading = loader.Read(0, 0, TestContext.Current.CancellationToken).GetEnumerator();
        for (int i = 0; i < 50; i++)
            Assert.True(reading.MoveNext());
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 40; i++)
                reading.MoveNext();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, least);
    }
}
