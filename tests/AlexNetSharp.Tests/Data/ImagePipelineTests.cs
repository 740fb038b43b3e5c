using System.Diagnostics;
using AlexNetSharp.Data;

namespace AlexNetSharp.Tests.Data;

/// <summary>Threads, order, errors and the end of what all reading of images goes through.</summary>
public sealed class ImagePipelineTests
{
    private const int BatchSize = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TheNextBatchesAreReadWhileOneIsInUse()
    {
        var images = new GatedImages(100);
        using ImagePipeline pipeline = Pipeline(images, threads: 2, prefetch: 2);
        images.Open(BatchSize);
        Batch first = pipeline.Next(Token)!;
        float[] kept = first.Input.ToArray();
        Assert.Equal(0, pipeline.Ready);
        // The consumer holds the first batch and does nothing; two more become ready, and no third is begun.
        images.Open(100);
        Assert.True(SpinWait.SpinUntil(() => pipeline.Ready == 2, TimeSpan.FromSeconds(20)));
        Thread.Sleep(50);
        Assert.Equal(3 * BatchSize, images.Reads);
        Assert.Equal(kept, first.Input.ToArray());
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(7)]
    public void BatchesComeInOrderWhateverThreadWasFirst(int threads)
    {
        var images = new GatedImages(50) { Delay = index => index % 5 == 0 ? 3 : 0 };
        images.Open(50);
        using ImagePipeline pipeline = Pipeline(images, threads, prefetch: 3);
        int next = 0;
        while (pipeline.Next(Token) is { } batch)
            for (int i = 0; i < batch.Count; i++, next++)
                Assert.Equal((next, next), (batch.Indices[i], batch.Input[i]));
        Assert.Equal(50, next);
        Assert.Null(pipeline.Next(Token));
    }

    [Fact]
    public void NoMoreThreadsAreStartedThanThereAreImages()
    {
        var images = new GatedImages(3) { Delay = _ => 20 };
        images.Open(3);
        using ImagePipeline pipeline = Pipeline(images, threads: 16, prefetch: 1);
        while (pipeline.Next(Token) is not null)
        {
        }
        Assert.InRange(images.Threads, 1, 3);
    }

    [Fact]
    public void AnErrorStaysWithItsImage()
    {
        var images = new GatedImages(12);
        images.Failures[5] = new InvalidDataException("no image");
        images.Failures[9] = new FileNotFoundException("image9: no such file.");
        images.Open(12);
        using ImagePipeline pipeline = Pipeline(images, threads: 3, prefetch: 2);
        var errors = new List<string?>();
        while (pipeline.Next(Token) is { } batch)
            for (int i = 0; i < batch.Count; i++)
            {
                errors.Add(batch.Errors[i]?.Message);
                Assert.Equal(batch.Errors[i] is null ? batch.Indices[i] : 0, batch.Input[i]);
            }
        Assert.Equal(12, errors.Count);
        Assert.Equal([(5, "image5: no image"), (9, "image9: no such file.")], errors.Index().Where(e => e.Item is not null).Select(e => (e.Index, e.Item)));
    }

    [Fact]
    public void AnErrorOfTheProgramIsThrownAtItsBatch()
    {
        var images = new GatedImages(12);
        images.Failures[5] = new NotSupportedException("a bug");
        images.Open(12);
        using ImagePipeline pipeline = Pipeline(images, threads: 2, prefetch: 2);
        Assert.NotNull(pipeline.Next(Token));
        Assert.Equal("a bug", Assert.Throws<NotSupportedException>(() => pipeline.Next(Token)).Message);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task WaitingIsCanceledAtOnceAndCanGoOn(bool awaited)
    {
        var images = new GatedImages(12);
        using ImagePipeline pipeline = Pipeline(images, threads: 2, prefetch: 2);
        using var source = new CancellationTokenSource(100);
        long start = Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => _ = awaited ? await pipeline.NextAsync(source.Token) : pipeline.Next(source.Token));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
        images.Open(12);
        Assert.Equal(0, (awaited ? await pipeline.NextAsync(Token) : pipeline.Next(Token))!.Indices[0]);
        Assert.True(awaited || pipeline.Waited > TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void DisposingDoesNotWaitForAnImageThatNeverComes()
    {
        var images = new GatedImages(12);
        ImagePipeline pipeline = Pipeline(images, threads: 2, prefetch: 2);
        using var source = new CancellationTokenSource(50);
        Assert.ThrowsAny<OperationCanceledException>(() => pipeline.Next(source.Token));
        long start = Stopwatch.GetTimestamp();
        pipeline.Dispose();
        pipeline.Dispose();
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
        Assert.Throws<ObjectDisposedException>(() => pipeline.Next(Token));
        // The threads find memory where they write, when the image comes after all.
        images.Open(12);
        Assert.True(SpinWait.SpinUntil(() => images.Reads == 2, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void AllImagesAreReadOnceForACheck()
    {
        var images = new GatedImages(333);
        images.Failures[7] = new InvalidDataException("image7: empty");
        images.Open(333);
        var seen = new List<int>();
        var progress = new List<int>();
        var bad = new List<int>();
        ImagePipeline.ReadAll(
            images, 3,
            () => (_, batch, position) =>
            {
                lock (seen)
                    seen.Add(batch.Indices[position]);
            },
            (index, _) => bad.Add(index), progress.Add, Token);
        Assert.Equal(Enumerable.Range(0, 333).Where(i => i != 7), seen.Order());
        Assert.Equal([7], bad);
        Assert.Equal([64, 128, 192, 256, 320, 333], progress);
    }

    private static ImagePipeline Pipeline(GatedImages images, int threads, int prefetch)
    {
        int scheduled = 0;
        return new ImagePipeline(images, BatchSize, length: 1, threads, prefetch, batch =>
        {
            batch.Begin(0, scheduled / BatchSize, Math.Min(BatchSize, images.Count - scheduled));
            for (int i = 0; i < batch.Count; i++)
                batch.Set(i, scheduled++, 0);
            return batch.Count > 0;
        }, () => (image, batch, position) => batch.Place(position)[0] = image.Pixels[0]);
    }

    /// <summary>Images of one pixel, their number; each waits until it is let through.</summary>
    private sealed class GatedImages(int count) : IImageDataset
    {
        private readonly object _gate = new();
        private readonly HashSet<int> _threads = [];
        private int _open, _reads;

        public Dictionary<int, Exception> Failures { get; } = [];
        public Func<int, int> Delay { get; init; } = _ => 0;
        public int Reads => Volatile.Read(ref _reads);
        public int Threads => _threads.Count;
        public int Count => count;
        public IReadOnlyList<string> Classes => ["only"];
        public int Label(int index) => 0;
        public string Name(int index) => $"image{index}";

        public void Open(int images)
        {
            lock (_gate)
            {
                _open += images;
                Monitor.PulseAll(_gate);
            }
        }

        public void Read(int index, PixelBuffer target)
        {
            lock (_gate)
            {
                while (_open == 0)
                    Monitor.Wait(_gate);
                _open--;
            }
            if (Delay(index) is > 0 and var milliseconds)
                Thread.Sleep(milliseconds);
            lock (_threads)
                _threads.Add(Environment.CurrentManagedThreadId);
            Interlocked.Increment(ref _reads);
            if (Failures.TryGetValue(index, out Exception? failure))
                throw failure;
            target.Reset(1, 1, 1);
            target.Pixels[0] = (byte)index;
        }
    }
}
