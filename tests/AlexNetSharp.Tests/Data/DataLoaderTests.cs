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
        ColorPca = new ColorPca([9, 8, 7, -3, 0, 4, 1, -2, 1]),
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void EveryImageComesOnceAnEpoch()
    {
        var set = new SyntheticImages(23);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 5, Shuffle = true, Epochs = 3, Seed = 4 });
        Assert.Equal((5, 23), (loader.StepsPerEpoch, loader.Count));
        var preprocessor = new Preprocessor(Plain);
        var image = new PixelBuffer();
        float[] expected = new float[Plain.Length];
        List<string> orders = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            List<int> seen = [];
            int step = 0;
            foreach (Batch batch in loader.Read(epoch, 0, Token))
            {
                Assert.Equal((epoch, step, step < 4 ? 5 : 3), (batch.Epoch, batch.Step, batch.Count));
                step++;
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
            Assert.Equal(5, step);
            Assert.Equal(Enumerable.Range(0, 23), seen.Order());
            orders.Add(string.Join(' ', seen));
        }
        Assert.Equal(3, orders.Distinct().Count());
        // Nothing beyond the epochs that were asked for.
        Assert.Equal(2 * 3 * 23, set.Reads);
    }

    [Theory]
    [InlineData(1, 1), InlineData(3, 2), InlineData(8, 5)]
    public void ThreadsAndPrefetchChangeNoBit(int threads, int prefetch)
    {
        static string[] With(int threads, int prefetch, ulong seed = 9) =>
            Hashes(new DataLoaderOptions { BatchSize = 4, Shuffle = true, Seed = seed, Augmentation = All, Threads = threads, Prefetch = prefetch });
        Assert.Equal(With(2, 3), With(threads, prefetch));
        Assert.NotEqual(With(2, 3), With(2, 3, seed: 10));
    }

    [Theory]
    [InlineData(0, 3), InlineData(1, 0), InlineData(1, 4), InlineData(0, 6)]
    public void ItContinuesAnywhere(int epoch, int step)
    {
        var options = new DataLoaderOptions { BatchSize = 4, Shuffle = true, Seed = 9, Augmentation = All };
        string[] whole = Hashes(options);
        Assert.Equal(whole[(epoch * 6 + step)..], Hashes(options, epoch, step));
        // The same loader goes back and forth, from the middle of an epoch.
        using var loader = new DataLoader(new SyntheticImages(23), Plain, options);
        Assert.Equal(whole[7], Hash(loader.Read(1, 1, Token).First()));
        Assert.Equal(whole[2], Hash(loader.Read(0, 2, Token).First()));
        Assert.Equal(whole[3], Hash(loader.Read(0, 3, Token).First()));
        Assert.Equal(whole[6..], loader.Read(1, 0, Token).Select(Hash));
    }

    [Fact]
    public void AnOrderThatNeverChangesIsReadAgainAndAgainOnTheSameThreads()
    {
        var set = new SyntheticImages(10);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 4 });
        string[] first = [.. loader.Read(0, 0, Token).Select(Hash)];
        Assert.Equal(10, set.Reads);
        Assert.Equal(first, loader.Read(0, 0, Token).Select(Hash));
        Assert.Equal(first, loader.Read(7, 0, Token).Select(Hash));
        Assert.Equal(30, set.Reads);
        Assert.Equal(0, loader.Ready);
    }

    [Fact]
    public void AnIncompleteBatchCanBeLeftOut()
    {
        using var loader = new DataLoader(new SyntheticImages(23), Plain, new DataLoaderOptions { BatchSize = 5, DropLast = true });
        Assert.Equal((4, 20), (loader.StepsPerEpoch, loader.Count));
        for (int epoch = 0; epoch < 2; epoch++)
            Assert.Equal([5, 5, 5, 5], loader.Read(epoch, 0, Token).Select(batch => batch.Count));
        Assert.Throws<ArgumentException>(() => new DataLoader(new SyntheticImages(3), Plain, new DataLoaderOptions { BatchSize = 5, DropLast = true }));
        Assert.Throws<ArgumentException>(() => new DataLoader(new SyntheticImages(0), Plain, new DataLoaderOptions()));
    }

    [Fact]
    public void ABadImageThrowsAtItsBatch()
    {
        var set = new SyntheticImages(20);
        set.Bad.UnionWith([9, 10, 11]);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 4, Threads = 3 });
        int good = 0;
        Assert.Equal("image9.jpg: truncated.", Assert.Throws<InvalidDataException>(() =>
        {
            foreach (Batch _ in loader.Read(0, 0, Token))
                good++;
        }).Message);
        Assert.Equal(2, good);
        // Behind it one can read on.
        Assert.Equal(2, loader.Read(0, 3, Token).Count());
    }

    [Fact]
    public void TenCropsLieOneAfterTheOther()
    {
        var set = new SyntheticImages(7);
        using var loader = new DataLoader(set, Plain, new DataLoaderOptions { BatchSize = 3, Threads = 2, TenCrop = true });
        var preprocessor = new Preprocessor(Plain);
        var image = new PixelBuffer();
        float[] expected = new float[Preprocessor.TenCropViews * Plain.Length];
        int seen = 0;
        foreach (Batch batch in loader.Read(0, 0, Token))
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
        Assert.StartsWith("image2.jpg: ", Assert.Throws<InvalidDataException>(() => bad.Read(0, 0, Token).First()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new DataLoader(set, Plain, new DataLoaderOptions { TenCrop = true, Augmentation = All }));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void AnImageTooSmallForTheCropIsNamed(bool tenCrop)
    {
        using var loader = new DataLoader(new SyntheticImages(4, 5, 5), Plain, new DataLoaderOptions { BatchSize = 4, TenCrop = tenCrop });
        Assert.StartsWith("image0.jpg: ", Assert.Throws<InvalidDataException>(() => loader.Read(0, 0, Token).First()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheMemoryOfItsBatchesIsKnownBefore()
    {
        static DataLoaderOptions Options(int batchSize = 1000, bool tenCrop = false) => new() { BatchSize = batchSize, Prefetch = 4, TenCrop = tenCrop };
        long floats = 5L * 1000 * Plain.Length * sizeof(float);
        Assert.InRange(Options().BytesOf(Plain), floats, floats + 5 * 1000 * 16 + 5 * 64);
        Assert.InRange(Options(tenCrop: true).BytesOf(Plain), 10 * floats, 10 * floats + 5 * 1000 * 16 + 5 * 64);
        // 2³¹ images are no reason for an overflow.
        Assert.True(Options(int.MaxValue).BytesOf(Plain) > 1L << 40);
    }

    private static string[] Hashes(DataLoaderOptions options, int epoch = 0, int step = 0)
    {
        using var loader = new DataLoader(new SyntheticImages(23), Plain, options);
        List<string> hashes = [];
        // A step beyond the last of an epoch leaves nothing of it.
        for (; epoch < 2; epoch++, step = 0)
            hashes.AddRange(loader.Read(epoch, step, Token).Select(Hash));
        return [.. hashes];
    }

    private static string Hash(Batch batch) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(batch.Input)));
}
