using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Inference;

/// <summary>What a web server does to a classifier.</summary>
public class ConcurrencyTests
{
    private const int Threads = 8, Rounds = 40, Distinct = 12;

    [Theory]
    [InlineData(8, 32, false)]
    [InlineData(8, 3, false)]
    [InlineData(1, 32, false)]
    [InlineData(4, 32, true)]
    public void ManyThreadsGetTheirOwnAnswers(int batchSize, int maxConcurrency, bool tenCrop)
    {
        using var folder = new TemporaryFolder();
        byte[][] files = [.. Enumerable.Range(0, Distinct).Select(i => TestImages.Encode(40 + 3 * i, 50, SKEncodedImageFormat.Png, out _, seed: i))];
        string[] paths = [.. files.Select((file, i) => folder.Write($"{i}.png", file))];
        var options = new InferenceOptions { BatchSize = batchSize, MaxConcurrency = maxConcurrency, TenCrop = tenCrop };
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(), options);
        Prediction[][] expected = [.. files.Select(file => classifier.ClassifyEncoded(file))];
        // Otherwise mixed-up answers would not show.
        Assert.Equal(Distinct, expected.Select(e => e[0].Probability).Distinct().Count());

        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                int i = (5 * thread + round) % Distinct;
                AssertSame(expected[i], ((thread + round) % 4) switch
                {
                    0 => classifier.ClassifyEncoded(files[i]),
                    1 => classifier.Classify(paths[i]),
                    2 => classifier.ClassifyAsync(new MemoryStream(files[i])).GetAwaiter().GetResult(),
                    _ => classifier.ClassifyFiles([paths[(i + 1) % Distinct], paths[i]]).Last().GetOrThrow(),
                });
            }
        });
    }

    /// <summary>More at once would take as long, and more memory.</summary>
    [Fact]
    public void NoMoreFilesAreDecodedAtOnceThanThereAreProcessors()
    {
        var decoder = new WatchedDecoder();
        using var classifier = new Classifier(InferenceModels.Small(), decoder);
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 * Environment.ProcessorCount }, i =>
            Assert.Single((i % 2) switch
            {
                0 => classifier.Classify($"{i}", top: 1),
                _ => classifier.ClassifyAsync($"{i}", top: 1).GetAwaiter().GetResult(),
            }));
        Assert.InRange(decoder.Most, 1, Environment.ProcessorCount);
    }

    [Fact]
    public async Task HundredsOfAwaitedCallsNeedNoThreadEach()
    {
        byte[][] files = [.. Enumerable.Range(0, Distinct).Select(i => TestImages.Encode(40 + 3 * i, 50, SKEncodedImageFormat.Png, out _, seed: i))];
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder());
        Prediction[][] expected = [.. files.Select(file => classifier.ClassifyEncoded(file))];
        Prediction[][] found = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => classifier.ClassifyAsync(new MemoryStream(files[i % Distinct]))));
        for (int i = 0; i < found.Length; i++)
            AssertSame(expected[i % Distinct], found[i]);
    }

    [Fact]
    public void CanceledCallsEndAndOthersGoOn()
    {
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder());
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        byte[] file = TestImages.Encode(40, 50, SKEncodedImageFormat.Png, out _);
        Assert.ThrowsAny<OperationCanceledException>(() => classifier.ClassifyEncoded(file, cancellationToken: canceled.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => classifier.ClassifyAsync(new MemoryStream(file), cancellationToken: canceled.Token).GetAwaiter().GetResult());
        Assert.ThrowsAny<OperationCanceledException>(() => classifier.ClassifyFiles(["x"], cancellationToken: canceled.Token).Count());
        Assert.ThrowsAny<OperationCanceledException>(() => classifier.Classify(new byte[12], 2, 2, cancellationToken: canceled.Token));

        // Tokens that are canceled while the call waits: every call ends one way or the other, and none gets another's answer.
        Prediction[] expected = classifier.ClassifyEncoded(file);
        Parallel.For(0, 100, new ParallelOptions { MaxDegreeOfParallelism = Threads }, i =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(i % 5));
            try
            {
                AssertSame(expected, classifier.ClassifyEncoded(file, cancellationToken: source.Token));
            }
            catch (OperationCanceledException)
            {
            }
        });
        AssertSame(expected, classifier.ClassifyEncoded(file));
    }

    [Fact]
    public void DisposingWaitsForCallsAndRefusesNewOnes()
    {
        byte[] image = InferenceModels.Image(60, 60, 1);
        for (int round = 0; round < 20; round++)
        {
            var classifier = new Classifier(InferenceModels.Small());
            Prediction[] expected = classifier.Classify(image, 60, 60);
            int answered = 0;
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        AssertSame(expected, classifier.Classify(image, 60, 60));
                        Interlocked.Increment(ref answered);
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            }))];
            foreach (Thread thread in threads)
                thread.Start();
            while (Volatile.Read(ref answered) < 5)
                Thread.Yield();
            classifier.Dispose();
            classifier.Dispose();
            foreach (Thread thread in threads)
                Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
            Assert.Throws<ObjectDisposedException>(() => classifier.Classify(image, 60, 60));
        }
    }

    [Fact]
    public void EveryoneWhoDisposesWaitsForThePassUnderWay()
    {
        byte[] image = InferenceModels.Image(60, 60, 1);
        for (int round = 0; round < 20; round++)
        {
            var classifier = new Classifier(InferenceModels.Small());
            Thread network = ThreadOf(EngineOf(InferenceOf(classifier)));
            int answered = 0, early = 0;
            var caller = new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        classifier.Classify(image, 60, 60);
                        Interlocked.Increment(ref answered);
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            });
            using var together = new Barrier(2);
            Thread[] disposers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                classifier.Dispose();
                if (network.IsAlive)
                    Interlocked.Increment(ref early);
            }))];
            caller.Start();
            while (Volatile.Read(ref answered) < 3)
                Thread.Yield();
            foreach (Thread disposer in disposers)
                disposer.Start();
            foreach (Thread thread in (Thread[])[.. disposers, caller])
                Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
            Assert.Equal(0, early);
        }
    }

    [Fact]
    public void ACallWithoutMemoryGivesItsPlaceBack()
    {
        using var classifier = new Classifier(InferenceModels.Small(), options: new InferenceOptions { BatchSize = 200_000_000, MaxConcurrency = 1 });
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.ThrowsAny<Exception>(() => classifier.WarmUp(60_000_000));
        Assert.Equal(5, classifier.Classify(new byte[12], 2, 2, cancellationToken: limit.Token).Length);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_inference")]
    private static extern ref ImageInference InferenceOf(Classifier classifier);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_engine")]
    private static extern ref InferenceEngine EngineOf(ImageInference inference);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_thread")]
    private static extern ref Thread ThreadOf(InferenceEngine engine);

    [Fact]
    public void AnErrorOfThePlanReachesEveryCaller()
    {
        // More memory than any machine has: the plan is refused when it is first needed.
        using var classifier = new Classifier(InferenceModels.Small(), options: new InferenceOptions { BatchSize = 200_000_000 });
        var images = Tensor.CreateFromShape<float>([1, 32, 32, 3]);
        Assert.Equal(6, classifier.Logits(images.AsReadOnlyTensorSpan()).FlattenedLength);
        Assert.ThrowsAny<Exception>(() => classifier.WarmUp(60_000_000));
        Assert.Equal(6, classifier.Logits(images.AsReadOnlyTensorSpan()).FlattenedLength);
    }

    private static void AssertSame(Prediction[] expected, Prediction[] found)
    {
        Assert.Equal(expected.Select(e => e.Index), found.Select(f => f.Index));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i].Probability, found[i].Probability, Tolerances.OtherBatch);
    }

    /// <summary>Remembers how many files were decoded at once.</summary>
    private sealed class WatchedDecoder : IImageDecoder
    {
        private int _now, _most;

        public int Most => _most;

        public void DecodeFile(string path, PixelBuffer target)
        {
            int now = Interlocked.Increment(ref _now);
            for (int most = _most; now > most; most = _most)
                Interlocked.CompareExchange(ref _most, now, most);
            Thread.Sleep(2);
            target.Reset(40, 50, 3);
            target.Pixels.Clear();
            Interlocked.Decrement(ref _now);
        }

        public void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
