using System.Diagnostics;
using AlexNetSharp.Data;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Tests.Inference;

/// <summary>Many files: decoding beside computing, order, errors, the end.</summary>
public sealed class FileEnumerationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TheNextBatchIsDecodedBeforeTheOneBeforeIsHandedOver()
    {
        var decoder = new CountingDecoder();
        using var classifier = new Classifier(InferenceModels.Small(), decoder, new InferenceOptions { BatchSize = 4 });
        using IEnumerator<FileResult<Prediction[]>> results = classifier.ClassifyFiles(Paths(40), cancellationToken: Token).GetEnumerator();
        Assert.True(results.MoveNext());
        // Nobody asks for more, and yet two more batches are decoded, and no third.
        Assert.True(SpinWait.SpinUntil(() => decoder.Decoded == 12, TimeSpan.FromSeconds(20)));
        Thread.Sleep(50);
        Assert.Equal(12, decoder.Decoded);
    }

    [Fact]
    public void DecodingGoesOnWhileTheNetworkComputes()
    {
        var decoder = new CountingDecoder();
        using var classifier = new Classifier(InferenceModels.Small(), decoder, new InferenceOptions { BatchSize = 4, MaxConcurrency = 1 });
        // The only place at the network is taken, so the enumeration waits there with its first batch.
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        decoder.Block = ("blocker", entered, leave);
        Task<Prediction[]> blocker = Task.Run(() => classifier.ClassifyEncoded([1], name: "blocker"), Token);
        entered.Wait(Token);
        Task<int> files = Task.Run(() => classifier.ClassifyFiles(Paths(40), cancellationToken: Token).Count(), Token);
        Assert.True(SpinWait.SpinUntil(() => decoder.Decoded == 12, TimeSpan.FromSeconds(20)));
        leave.Set();
        Assert.Equal(40, files.GetAwaiter().GetResult());
        Assert.Equal(5, blocker.GetAwaiter().GetResult().Length);
    }

    [Theory]
    [InlineData(1, 1), InlineData(2, 3), InlineData(5, 8)]
    public async Task ThreadsChangeNoBitAndAwaitingNothing(int threads, int batchSize)
    {
        string[] paths = Paths(21);
        paths[3] = "bad";
        FileResult<float[]>[] expected, found, awaited;
        using (var extractor = new FeatureExtractor(InferenceModels.Small(), null, new CountingDecoder(), new InferenceOptions { Threads = 1, BatchSize = batchSize }))
            expected = [.. extractor.ExtractFiles(paths, Token)];
        using (var extractor = new FeatureExtractor(
            InferenceModels.Small(), null, new CountingDecoder(), new InferenceOptions { Threads = threads, BatchSize = batchSize }))
        {
            found = [.. extractor.ExtractFiles(paths, Token)];
            awaited = await extractor.ExtractFilesAsync(paths, Token).ToArrayAsync(Token);
        }
        Assert.Equal(paths, expected.Select(result => result.Path));
        foreach (FileResult<float[]>[] other in (FileResult<float[]>[][])[found, awaited])
            for (int i = 0; i < paths.Length; i++)
            {
                Assert.Equal(paths[i], other[i].Path);
                Assert.Equal(i == 3, other[i].Error is InvalidDataException { Message: "bad: no image" });
                if (i != 3)
                    Assert.Equal(expected[i].GetOrThrow(), other[i].GetOrThrow());
            }
        Assert.NotEqual(expected[0].GetOrThrow(), expected[1].GetOrThrow());
    }

    [Fact]
    public async Task AnEnumerationEndsWithinASecondOfItsCancellation()
    {
        var decoder = new CountingDecoder();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        decoder.Block = ("30", entered, leave);   // never comes
        using var classifier = new Classifier(InferenceModels.Small(), decoder, new InferenceOptions { BatchSize = 4 });
        foreach (bool awaited in (bool[])[false, true])
        {
            using var source = new CancellationTokenSource();
            Task<int> count = awaited
                ? Task.Run(async () => await classifier.ClassifyFilesAsync(Paths(40)).CountAsync(source.Token), Token)
                : Task.Run(() => classifier.ClassifyFiles(Paths(40), cancellationToken: source.Token).Count(), Token);
            entered.Wait(Token);
            long start = Stopwatch.GetTimestamp();
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => count);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
            entered.Reset();
        }
        leave.Set();
        Assert.Equal(5, classifier.ClassifyEncoded([1]).Length);
    }

    [Fact]
    public void PathsAreTakenAsTheyAreNeededAndTheirErrorComesAfterTheFilesBeforeIt()
    {
        int taken = 0;
        using var classifier = new Classifier(InferenceModels.Small(), new CountingDecoder(), new InferenceOptions { BatchSize = 4 });
        Assert.Equal("0", classifier.ClassifyFiles(Endless(), cancellationToken: Token).First().Path);
        Assert.Equal(12, taken);
        var found = new List<string>();
        Assert.Equal("the list ends here", Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (FileResult<Prediction[]> result in classifier.ClassifyFiles(Broken(), cancellationToken: Token))
                found.Add(result.Path);
        }).Message);
        Assert.Equal(["a", "b", "c", "d", "e"], found);

        IEnumerable<string> Endless()
        {
            while (true)
                yield return $"{taken++}";
        }

        static IEnumerable<string> Broken()
        {
            foreach (string path in (string[])["a", "b", "c", "d", "e"])
                yield return path;
            throw new InvalidOperationException("the list ends here");
        }
    }

    [Fact]
    public void OneCanClassifyWithinTheEnumeration()
    {
        using var classifier = new Classifier(InferenceModels.Small(), new CountingDecoder(), new InferenceOptions { BatchSize = 4, MaxConcurrency = 1 });
        int count = 0;
        foreach (FileResult<Prediction[]> result in classifier.ClassifyFiles(Paths(10), cancellationToken: Token))
            count += classifier.Classify(result.Path, top: 1, Token).Length;
        Assert.Equal(10, count);
    }

    [Fact]
    public void TheMemoryOfAnEnumerationIsKnown()
    {
        using var classifier = new Classifier(InferenceModels.Small(), new CountingDecoder(), new InferenceOptions { BatchSize = 40 });
        using var views = new Classifier(InferenceModels.Small(), new CountingDecoder(), new InferenceOptions { BatchSize = 40, TenCrop = true });
        long floats = 3L * 40 * 32 * 32 * 3 * sizeof(float);
        Assert.InRange(classifier.FileBytes, floats, floats + 4000);
        Assert.InRange(views.FileBytes, floats, floats + 4000);
    }

    private static string[] Paths(int count) => [.. Enumerable.Range(0, count).Select(i => $"{i}")];

    /// <summary>Makes an image out of a name, and counts.</summary>
    private sealed class CountingDecoder : IImageDecoder
    {
        private int _decoded;

        public int Decoded => Volatile.Read(ref _decoded);

        public (string Name, ManualResetEventSlim Entered, ManualResetEventSlim Leave)? Block { get; set; }

        public void DecodeFile(string path, PixelBuffer target)
        {
            Make(path, target);
            Interlocked.Increment(ref _decoded);
        }

        public void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken = default) => Make(name, target);

        private void Make(string name, PixelBuffer target)
        {
            if (Block is { } block && block.Name == name)
            {
                block.Entered.Set();
                block.Leave.Wait();
            }
            if (name == "bad")
                throw new InvalidDataException("bad: no image");
            target.Reset(40, 50, 3);
            InferenceModels.Image(40, 50, name.GetHashCode(StringComparison.Ordinal)).CopyTo(target.Pixels);
        }
    }
}
