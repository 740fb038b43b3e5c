using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Data;

public sealed class DatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DatasetOptions _options = new() { Decoder = new ImageDecoder() };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ClassFoldersAreReadSortedWithHiddenOnesLeftOut()
    {
        Image("data/dog/b.png", 2);
        Image("data/dog/a.PNG", 1);
        Image("data/cat/deep/er/c.png", 3);
        _folder.Write("data/cat/readme.txt", "no image"u8);
        _folder.Write("data/.git/x.png", "hidden"u8);
        DatasetPair pair = DatasetReader.Open(_folder.PathOf("data"), _options);
        Assert.Null(pair.Validation);
        Assert.Equal(["cat", "dog"], pair.Train.Classes);
        Assert.Equal([("c.png", 0), ("a.PNG", 1), ("b.png", 1)], Enumerable.Range(0, 3).Select(i => (Path.GetFileName(pair.Train.Name(i)), pair.Train.Label(i))));
        var pixels = new PixelBuffer();
        pair.Train.Read(2, pixels);
        Assert.Equal(2, pixels.Pixels[0]);
    }

    [Theory]
    [InlineData("val", "val"), InlineData("test", "test"), InlineData("validation", "validation")]
    public void TrainAndValidationFoldersBelongTogether(string name, string found)
    {
        Image("data/train/a/1.png", 1);
        Image("data/train/b/1.png", 1);
        Image($"data/{name}/b/2.png", 2);
        DatasetPair pair = DatasetReader.Open(_folder.PathOf("data"), _options);
        Assert.Equal(["a", "b"], pair.Validation!.Classes);
        Assert.Equal(1, pair.Validation.Label(0));
        Assert.Contains(found, pair.Description, StringComparison.Ordinal);
        Assert.Equal(1, DatasetReader.OpenForEvaluation(_folder.PathOf("data"), _options.Decoder, ["a", "b"]).Images.Count);
        Assert.Equal(1, DatasetReader.OpenForEvaluation(_folder.PathOf("data"), _options.Decoder).Images.Count);
        Assert.Equal(2, DatasetReader.OpenForEvaluation(_folder.PathOf("data/train"), _options.Decoder, ["a", "b"]).Images.Count);
    }

    [Fact]
    public void WhatCanBeTrainedOnCanBeEvaluated()
    {
        // Class folders in train/ alone, and one that is called like a folder of test images.
        Image("data/train/a/1.png", 1);
        Image("data/train/b/1.png", 1);
        EvaluationImages set = DatasetReader.OpenForEvaluation(_folder.PathOf("data"), _options.Decoder, ["a", "b", "c"]);
        Assert.Equal((2, "class folders in train/"), (set.Images.Count, set.Description));
        Image("named/test/1.png", 1);
        Image("named/a/1.png", 1);
        set = DatasetReader.OpenForEvaluation(_folder.PathOf("named"), _options.Decoder, ["a", "test"]);
        Assert.Equal((2, "class folders"), (set.Images.Count, set.Description));
        // Validation images without training images, and training images of a class that the model does not know beside good ones.
        Image("only/val/b/1.png", 1);
        Assert.Equal("class folders in val/", DatasetReader.OpenForEvaluation(_folder.PathOf("only"), _options.Decoder, ["a", "b"]).Description);
        Image("more/val/b/1.png", 1);
        Image("more/train/z/1.png", 1);
        Assert.Equal(1, DatasetReader.OpenForEvaluation(_folder.PathOf("more"), _options.Decoder, ["a", "b"]).Images.Label(0));
    }

    [Fact]
    public void PackedImagesGetTheModelsClasses()
    {
        byte[] record = new byte[3073];
        record[0] = 7;
        _folder.Write("cifar/cifar-10-batches-bin/data_batch_1.bin", record);
        _folder.Write("cifar/cifar-10-batches-bin/test_batch.bin", [.. record, .. record]);
        WriteMnist("m", gzip: false, '-', count: 5);
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"class {i}")];
        foreach ((string path, int count) in new[] { ("cifar", 2), ("m", 5) })
        {
            IImageDataset set = DatasetReader.OpenForEvaluation(_folder.PathOf(path), _options.Decoder, names).Images;
            Assert.Equal(count, set.Count);
            Assert.Equal(names, set.Classes);
            Assert.Contains("10 classes, but the model was trained on 9", Assert.Throws<InvalidDataException>(
                () => DatasetReader.OpenForEvaluation(_folder.PathOf(path), _options.Decoder, names[1..])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AValidationPathMayHoldOnlyKnownClasses()
    {
        Image("data/a/1.png", 1);
        Image("data/b/1.png", 1);
        Image("other/b/1.png", 1);
        Image("wrong/c/1.png", 1);
        DatasetPair pair = DatasetReader.Open(_folder.PathOf("data"), new DatasetOptions { Decoder = _options.Decoder, ValidationPath = _folder.PathOf("other") });
        Assert.Equal((1, 1), (pair.Validation!.Count, pair.Validation.Label(0)));
        Assert.Contains("no class 'c'", Fails<InvalidDataException>("data", new DatasetOptions { Decoder = _options.Decoder, ValidationPath = _folder.PathOf("wrong") }), StringComparison.Ordinal);
        Assert.Contains("cannot be combined", Assert.Throws<ArgumentException>(() => DatasetReader.Open(_folder.PathOf("data"),
            new DatasetOptions { Decoder = _options.Decoder, ValidationPath = "x", ValidationSplit = 0.1 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoDataSetIsAClearError()
    {
        Directory.CreateDirectory(_folder.PathOf("empty"));
        Directory.CreateDirectory(_folder.PathOf("hollow/cat"));
        _folder.Write("file.tar", "x"u8);
        Assert.Contains("no such folder", Fails<DirectoryNotFoundException>("missing"), StringComparison.Ordinal);
        Assert.Contains("no class folders", Fails<InvalidDataException>("empty"), StringComparison.Ordinal);
        Assert.Contains("no images", Fails<InvalidDataException>("hollow"), StringComparison.Ordinal);
        Assert.Contains("unpack", Fails<InvalidDataException>("file.tar"), StringComparison.Ordinal);
    }

    [Fact]
    public void ASplitIsStratifiedAndDrawnBySeed()
    {
        var all = new SyntheticImages(100, classes: 4);
        (IImageDataset train, IImageDataset validation) = ImageSubset.Split(all, 0.2, seed: 7);
        Assert.Equal((80, 20), (train.Count, validation.Count));
        Assert.All(Enumerable.Range(0, 20).GroupBy(validation.Label), group => Assert.Equal(5, group.Count()));
        Assert.Empty(Names(train).Intersect(Names(validation)));
        Assert.Equal(Names(validation), Names(ImageSubset.Split(all, 0.2, seed: 7).Validation));
        Assert.NotEqual(Names(validation), Names(ImageSubset.Split(all, 0.2, seed: 8).Validation));
        Assert.Equal(4, ImageSubset.Split(all, 0.001, seed: 1).Validation.Count);
        Assert.Equal(4, ImageSubset.Split(all, 0.999, seed: 1).Train.Count);
        Assert.Contains("cannot be split between training and validation", Assert.Throws<InvalidDataException>(() => ImageSubset.Split(new SyntheticImages(3), 0.5, 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, '-'), InlineData(true, '-'), InlineData(false, '.')]
    public void IdxFilesAreReadCompressedOrNot(bool gzip, char separator)
    {
        WriteMnist("fashion-mnist", gzip, separator, 5);
        DatasetPair pair = DatasetReader.Open(_folder.PathOf("fashion-mnist"), _options);
        Assert.Equal((5, 5), (pair.Train.Count, pair.Validation!.Count));
        Assert.Equal("Sneaker", pair.Train.Classes[7]);
        Assert.Equal(9, pair.Train.Label(4));
        var pixels = new PixelBuffer();
        pair.Train.Read(1, pixels);
        Assert.Equal((3, 2, 1), (pixels.Height, pixels.Width, pixels.Channels));
        Assert.Equal(new byte[] { 6, 7, 8, 9, 10, 11 }, pixels.Pixels.ToArray());
    }

    [Theory]
    [InlineData("Fashion-MNIST", "Sneaker"), InlineData("FashionMNIST/raw", "Sneaker"), InlineData("old-fashioned/mnist", "7"), InlineData("raw", "7")]
    public void ClassesOfIdxFilesHangOnTheNameOfTheirOwnFolder(string folder, string expected)
    {
        WriteMnist(folder, false, '-', 5);
        Assert.Equal(expected, DatasetReader.Open(_folder.PathOf(folder), _options).Train.Classes[7]);
    }

    [Fact]
    public void AnImageBeyondAnArrayIsRefused()
    {
        var pixels = new PixelBuffer();
        Assert.Throws<OverflowException>(() => pixels.Reset(1, int.MaxValue, 1));
        Assert.Equal(0, pixels.Height);
    }

    [Fact]
    public void DamagedIdxFilesAreNamedWithTheOffset()
    {
        WriteMnist("m", false, '-', 5);
        string images = _folder.PathOf("m/train-images-idx3-ubyte"), labels = _folder.PathOf("m/train-labels-idx1-ubyte");
        byte[] whole = File.ReadAllBytes(images), wholeLabels = File.ReadAllBytes(labels);
        Damaged(images, whole[..10], "ends inside its header");
        Damaged(images, whole[..^1], "truncated");
        Damaged(images, [.. whole, 0], "longer");
        Damaged(images, [0, 0, 9, 3, .. whole[4..]], "offset 0");
        Damaged(images, [.. whole[..4], 0xFF, .. whole[5..]], "offset 4");
        Damaged(images, [.. whole[..8], 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF], "offset 8");
        Damaged(images, Gzip(whole)[..^20], "train-images");
        byte[] broken = Gzip(whole);
        broken[12] ^= 0xFF;
        broken[13] ^= 0xFF;
        Damaged(images, broken, "train-images");
        File.WriteAllBytes(images, whole);
        Damaged(labels, [0, 0, 8, 1, 0, 0, 0, 4, .. wholeLabels[8..^1]], "5 images");
        File.Delete(labels);
        Assert.Contains("train-labels-idx1-ubyte is missing", Fails<FileNotFoundException>("m"), StringComparison.Ordinal);
    }

    [Fact]
    public void AGzipBombIsRefusedBeforeItIsUnpacked()
    {
        WriteMnist("m", false, '-', 5);
        byte[] header = [0, 0, 8, 3, 0, 0x10, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Damaged(_folder.PathOf("m/train-images-idx3-ubyte"), Gzip([.. header, .. new byte[1000]]), "truncated");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void CifarBatchesAreReadAsPixelsSideBySide()
    {
        WriteCifar(out byte[] record);
        DatasetPair pair = DatasetReader.Open(_folder.PathOf("c"), _options);
        Assert.Equal((3, 1), (pair.Train.Count, pair.Validation!.Count));
        Assert.Equal((7, "horse"), (pair.Train.Label(2), pair.Train.Classes[7]));
        var pixels = new PixelBuffer();
        pair.Train.Read(0, pixels);
        for (int i = 0; i < 3072; i++)
            Assert.Equal(record[1 + i % 3 * 1024 + i / 3], pixels.Pixels[i]);
    }

    [Fact]
    public void DamagedCifarBatchesAreNamed()
    {
        WriteCifar(out byte[] record);
        string path = _folder.PathOf("c/cifar-10-batches-bin/data_batch_1.bin");
        Damaged(path, record[..100], "truncated", "c");
        Damaged(path, [], "truncated", "c");
        Damaged(path, [.. record, 10, .. record[1..]], "class 10 at offset 3073", "c");
        File.Delete(_folder.PathOf("c/cifar-10-batches-bin/test_batch.bin"));
        Assert.Contains("test_batch.bin", Fails<FileNotFoundException>("c"), StringComparison.Ordinal);
    }

    [Fact]
    public void TheCheckFindsEveryBadImage()
    {
        Image("data/a/1.png", 1);
        string bad = _folder.Write("data/a/2.png", "not an image"u8);
        Image("data/a/3.png", 1);
        byte[] cut = File.ReadAllBytes(Image("data/b/4.png", 1));
        string truncated = _folder.Write("data/b/4.png", cut.AsSpan(0, cut.Length / 2));
        IImageDataset set = DatasetReader.Open(_folder.PathOf("data"), _options).Train;
        int progress = 0;
        DatasetCheck check = DatasetCheck.Run(set, 2, done => progress = done, TestContext.Current.CancellationToken);
        IReadOnlyList<(int Index, string Reason)> found = check.Bad;
        Assert.Equal(4, check.Sizes!.Square);
        Assert.Equal([(1, bad), (3, truncated)], found.Select(b => (b.Index, set.Name(b.Index))));
        Assert.All(found, b => Assert.StartsWith(set.Name(b.Index) + ": ", b.Reason, StringComparison.Ordinal));
        Assert.Equal(4, progress);
        IImageDataset good = ImageSubset.Without(set, found.Select(b => b.Index));
        Assert.Equal(2, good.Count);
        Assert.Empty(DatasetCheck.Run(good, 3, cancellation: TestContext.Current.CancellationToken).Bad);
    }

    [Fact]
    public void TheCheckCanBeCanceled()
    {
        using var source = new CancellationTokenSource();
        var set = new SyntheticImages(100_000);
        Assert.Throws<OperationCanceledException>(() => DatasetCheck.Run(set, 2, _ => source.Cancel(), source.Token));
        Assert.InRange(set.Reads, 64, 50_000);
    }

    [Fact]
    public void TheCacheReadsEachImageOnceWhileItHasRoom()
    {
        var set = new SyntheticImages(50);
        var cache = new CachedImages(set, 8 << 20);
        Assert.Empty(DatasetCheck.Run(cache, 2, cancellation: TestContext.Current.CancellationToken).Bad);
        Assert.Empty(DatasetCheck.Run(cache, 2, cancellation: TestContext.Current.CancellationToken).Bad);
        Assert.Equal((50, 50), (set.Reads, cache.CachedCount));
        PixelBuffer first = new(), second = new();
        for (int i = 0; i < 50; i++)
        {
            ((IImageDataset)cache).Read(i, first);
            set.Read(i, second);
            Assert.Equal(second.Pixels.ToArray(), first.Pixels.ToArray());
        }
        var none = new CachedImages(set, 1000);
        ((IImageDataset)none).Read(0, first);
        Assert.Equal(0, none.CachedCount);
    }

    [Fact]
    public void ACacheThatShrinksGivesItsBlocksBackAndReadsTheirImagesAgain()
    {
        // A block holds four megabytes: one image each, and room for no second.
        var set = new SyntheticImages(6, height: 1000, width: 1000);
        var cache = new CachedImages(set, 100 << 20);
        Assert.Empty(DatasetCheck.Run(cache, 2, cancellation: TestContext.Current.CancellationToken).Bad);
        long block = cache.Bytes / 6;
        cache.Shrink(2 * block + 1);
        Assert.Equal((2, 2 * block), (cache.CachedCount, cache.Bytes));
        int reads = set.Reads;
        PixelBuffer found = new(), expected = new();
        for (int i = 0; i < 6; i++)
        {
            ((IImageDataset)cache).Read(i, found);
            set.Read(i, expected);
            Assert.True(found.Pixels.SequenceEqual(expected.Pixels));
        }
        Assert.Equal(reads + 6 + 4, set.Reads);
        Assert.Equal((2, 2 * block), (cache.CachedCount, cache.Bytes));
        cache.Shrink(0);
        Assert.Equal((0, 0L), (cache.CachedCount, cache.Bytes));
    }

    private string Image(string name, byte value) =>
        _folder.Write(name, TestImages.Encode(4, 4, SKEncodedImageFormat.Png, out _, (_, _, _) => value));

    private static string[] Names(IImageDataset set) => [.. Enumerable.Range(0, set.Count).Select(set.Name)];

    private string Fails<T>(string name, DatasetOptions? options = null) where T : Exception
    {
        string message = Assert.Throws<T>(() => DatasetReader.Open(_folder.PathOf(name), options ?? _options)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private void Damaged(string path, byte[] content, string expected, string set = "m")
    {
        File.WriteAllBytes(path, content);
        string message = Fails<InvalidDataException>(set);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), message, StringComparison.Ordinal);
    }

    private void WriteMnist(string name, bool gzip, char separator, int count)
    {
        foreach (string part in new[] { "train", "t10k" })
        {
            byte[] images = [0, 0, 8, 3, .. new byte[12], .. Enumerable.Range(0, count * 6).Select(i => (byte)i)];
            BinaryPrimitives.WriteInt32BigEndian(images.AsSpan(4), count);
            (images[11], images[15]) = (3, 2);
            byte[] labels = [0, 0, 8, 1, 0, 0, 0, (byte)count, .. Enumerable.Range(0, count).Select(i => (byte)(9 - count + 1 + i))];
            _folder.Write(string.Create(CultureInfo.InvariantCulture, $"{name}/{part}-images{separator}idx3-ubyte{(gzip ? ".gz" : "")}"), gzip ? Gzip(images) : images);
            _folder.Write(string.Create(CultureInfo.InvariantCulture, $"{name}/{part}-labels{separator}idx1-ubyte{(gzip ? ".gz" : "")}"), gzip ? Gzip(labels) : labels);
        }
    }

    private void WriteCifar(out byte[] record)
    {
        record = [3, .. Enumerable.Range(0, 3072).Select(i => (byte)(i * 7))];
        _folder.Write("c/cifar-10-batches-bin/data_batch_1.bin", [.. record, .. record]);
        _folder.Write("c/cifar-10-batches-bin/data_batch_2.bin", [7, .. record[1..]]);
        _folder.Write("c/cifar-10-batches-bin/test_batch.bin", record);
    }

    private static byte[] Gzip(byte[] data)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal))
            gzip.Write(data);
        return memory.ToArray();
    }
}
