using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Data;

public class DataLoaderTests
{
    private static readonly Preprocessing Plain = new() { Resize = ResizeMode.None, CropHeight = 6, CropWidth = 6 };
    private static readonly Augmentation All = new()
    {
        RandomCrop = true,
        Padding = 1,
        HorizontalFlip = true,
        ColorPca = new ColorPca { Components = [9, 8, 7, -3, 0, 4, 1, -2, 1] },
    };

    [Fact]
    public void EveryImageComesOnceAnEpoch()
    {
        var set = new SyntheticImages(23);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 5, Shuffle = true, Epochs = 3, Seed = 4 });
        Assert.Equal(5, loader.StepsPerEpoch);
        var preprocessor = new Preprocessor(Plain);
        var image = new PixelBuffer();
        float[] expected = new float[Plain.Length];
        List<string> orders = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            List<int> seen = [];
            for (int step = 0; step < 5; step++)
            {
                Batch batch = loader.Next(TestContext.Current.CancellationToken)!;
                Assert.Equal((epoch, step, step < 4 ? 5 : 3), (batch.Epoch, batch.Step, batch.Count));
                for (int i = 0; i < batch.Count; i++)
                {
                    int index = batch.Indices[i];
                    seen.Add(index);
                    Assert.Equal(set.Label(index), batch.Labels[i]);
                    set.Read(index, image);
                    preprocessor.Apply(image, expected);
                    Assert.True(batch.Input.Slice(i * Plain.Length, Plain.Length).SequenceEqual(expected));
                }
            }
            Assert.Equal(Enumerable.Range(0, 23), seen.Order());
            orders.Add(string.Join(' ', seen));
        }
        Assert.Equal(3, orders.Distinct().Count());
        Assert.Null(loader.Next(TestContext.Current.CancellationToken));
        Assert.Null(loader.Next(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, 1), InlineData(3, 2), InlineData(8, 5)]
    public void ThreadsAndPrefetchChangeNoBit(int threads, int prefetch)
    {
        var options = new DataLoaderOptions { BatchSize = 4, Shuffle = true, Epochs = 2, Seed = 9, Augmentation = All };
        Assert.Equal(Hashes(options with { Threads = 2, Prefetch = 3 }), Hashes(options with { Threads = threads, Prefetch = prefetch }));
        Assert.NotEqual(Hashes(options), Hashes(options with { Seed = 10 }));
    }

    [Theory]
    [InlineData(0, 3), InlineData(1, 0), InlineData(1, 4), InlineData(0, 6)]
    public void ItContinuesAnywhere(int epoch, int step)
    {
        var options = new DataLoaderOptions { BatchSize = 4, Shuffle = true, Epochs = 2, Seed = 9, Augmentation = All };
        string[] whole = Hashes(options);
        Assert.Equal(whole[(epoch * 6 + step)..], Hashes(options with { FirstEpoch = epoch, FirstStep = step }));
    }

    [Fact]
    public void AnIncompleteBatchCanBeLeftOut()
    {
        using var loader = new DataLoader(new SyntheticImages(23), Plain, new DataLoaderOptions { BatchSize = 5, DropLast = true, Epochs = 2 });
        Assert.Equal(4, loader.StepsPerEpoch);
        for (int i = 0; i < 8; i++)
            Assert.Equal((i / 4, 5), (loader.Next(TestContext.Current.CancellationToken) is { } batch) ? (batch.Epoch, batch.Count) : default);
        Assert.Null(loader.Next(TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => new DataLoader(new SyntheticImages(3), Plain, new DataLoaderOptions { BatchSize = 5, DropLast = true }));
    }

    [Fact]
    public void ABadImageThrowsAtItsBatch()
    {
        var set = new SyntheticImages(20);
        set.Bad.UnionWith([9, 10, 11]);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 4, Threads = 3 });
        Assert.NotNull(loader.Next(TestContext.Current.CancellationToken));
        Assert.NotNull(loader.Next(TestContext.Current.CancellationToken));
        Assert.Equal("image9.jpg: truncated.", Assert.Throws<InvalidDataException>(() => loader.Next(TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void TenCropsLieOneAfterTheOther()
    {
        var set = new SyntheticImages(7);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 3, Threads = 2, TenCrop = true, Epochs = 1 });
        var preprocessor = new Preprocessor(Plain);
        var image = new PixelBuffer();
        float[] expected = new float[Preprocessor.TenCropViews * Plain.Length];
        int seen = 0;
        while (loader.Next(TestContext.Current.CancellationToken) is { } batch)
            for (int i = 0; i < batch.Count; i++, seen++)
            {
                set.Read(seen, image);
                preprocessor.ApplyTenCrop(image, expected);
                Assert.Equal(expected, batch.Input.Slice(i * expected.Length, expected.Length).ToArray());
                Assert.Equal(set.Label(seen), batch.Labels[i]);
            }
        Assert.Equal(7, seen);
        set.Bad.Add(2);
        using var bad = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 3, TenCrop = true });
        Assert.StartsWith("image2.jpg: ", Assert.Throws<InvalidDataException>(() => bad.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new DataLoader(set, Plain, new DataLoaderOptions { TenCrop = true, Augmentation = All }));
    }

    [Fact]
    public void AImageTooSmallForTheCropIsNamed()
    {
        using var ten = new DataLoader(new SyntheticImages(4, 5, 5), Plain, new DataLoaderOptions { BatchSize = 4, TenCrop = true });
        Assert.StartsWith("image0.jpg: ", Assert.Throws<InvalidDataException>(() => ten.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        using var loader = new DataLoader(new SyntheticImages(4, 5, 5), Plain, new DataLoaderOptions { BatchSize = 4 });
        Assert.StartsWith("image", Assert.Throws<InvalidDataException>(() => loader.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WaitingCanBeCanceledAndNothingHangs()
    {
        var slow = new SlowImages();
        var loader = new DataLoader(slow, Plain, new DataLoaderOptions { BatchSize = 4, Threads = 2 });
        using var source = new CancellationTokenSource(250);
        Assert.Throws<OperationCanceledException>(() => loader.Next(source.Token));
        slow.Gate.Set();
        Assert.NotNull(loader.Next(TestContext.Current.CancellationToken));
        Assert.True(loader.Waited > TimeSpan.Zero);
        loader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loader.Next(TestContext.Current.CancellationToken));
    }

    private static string[] Hashes(DataLoaderOptions options)
    {
        using var loader = new DataLoader(new SyntheticImages(23), Plain, options);
        List<string> hashes = [];
        while (loader.Next(TestContext.Current.CancellationToken) is { } batch)
            hashes.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(batch.Input))));
        return [.. hashes];
    }

    private sealed class SlowImages : IImageDataset
    {
        private readonly SyntheticImages _images = new(16);
        public ManualResetEventSlim Gate { get; } = new();
        public int Count => 16;
        public IReadOnlyList<string> Classes => _images.Classes;
        public int Label(int index) => _images.Label(index);
        public string Name(int index) => _images.Name(index);
        public void Read(int index, PixelBuffer target)
        {
            Gate.Wait();
            _images.Read(index, target);
        }
    }
}
