using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Tests.Images;
using SkiaSharp;
using System.Numerics.Tensors;

namespace AlexNetSharp.Tests.Inference;

/// <summary>An image may come in each form, awaited or not, to both who look at it; the answer is the same.</summary>
public sealed class WaysInTests : IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly byte[] _image = TestImages.Encode(50, 40, SKEncodedImageFormat.Png, out _);
    private readonly TemporaryFolder _folder = new();
    private readonly List<InferenceTimings> _timings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheClassifierTakesAllOfThem()
    {
        string path = _folder.Write("image.png", _image);
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(), new InferenceOptions { Completed = _timings.Add });
        Prediction[] expected = classifier.Classify(path, cancellationToken: Token);
        Assert.Equal(expected, await classifier.ClassifyAsync(path, cancellationToken: Token));
        Assert.Equal(expected, await classifier.ClassifyEncodedAsync(_image, cancellationToken: Token));
        (Prediction[] predictions, InferenceTimings timings) = await classifier.ClassifyTimedAsync(_image, cancellationToken: Token);
        Assert.Equal(expected, predictions);
        Assert.Equal(1, timings.BatchSize);
        Assert.All([timings.Decoding, timings.Preparing, timings.Computing], time => Assert.True(time > TimeSpan.Zero));
        Assert.True(timings.Total >= timings.Decoding + timings.Computing);
        Assert.Equal(4, _timings.Count);
        Assert.Equal(timings, _timings[^1]);
        Assert.Equal(0, classifier.Waiting);
        classifier.Trim();
        Assert.Equal(expected, classifier.ClassifyEncoded(_image, cancellationToken: Token));
        await Assert.ThrowsAsync<FileNotFoundException>(() => classifier.ClassifyAsync(_folder.PathOf("none"), cancellationToken: Token));
    }

    [Fact]
    public async Task TheExtractorTakesAllOfThem()
    {
        string path = _folder.Write("image.png", _image);
        using var extractor = new FeatureExtractor(InferenceModels.Small(), decoder: new ImageDecoder());
        extractor.WarmUp();
        float[] expected = extractor.Extract(path, Token);
        Assert.Equal(expected, await extractor.ExtractAsync(path, Token));
        Assert.Equal(expected, await extractor.ExtractEncodedAsync(_image, cancellationToken: Token));
        Assert.Equal(0, extractor.Waiting);
        extractor.Trim();
        var pixels = new PixelBuffer();
        new ImageDecoder().Decode(_image, pixels, "image");
        var input = new float[2 * 32 * 32 * 3];
        new Preprocessor(extractor.Preprocessing).Apply(pixels, input.AsSpan(32 * 32 * 3));
        Tensor<float> features = extractor.Extract(Tensor.Create(input, [2, 32, 32, 3]).AsReadOnlyTensorSpan(), Token);
        Assert.Equal([2, extractor.Length], features.Lengths.ToArray());
        Assert.Equal(expected, features.GetSpan([1, 0], extractor.Length).ToArray());
        Assert.Throws<ArgumentException>(() => extractor.Extract(Tensor.Create(input, [2, 32, 96, 1]).AsReadOnlyTensorSpan(), Token));
    }

    [Fact]
    public void AnImageThatNeedsMoreMemoryThanThereIsIsRefused()
    {
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(), new InferenceOptions { DecodingBytes = 10_000 });
        Assert.StartsWith("image: too large (decoding needs", Assert.Throws<ImageTooLargeException>(() => classifier.ClassifyEncoded(_image, cancellationToken: Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LargeImagesLeaveNoMemoryBehind()
    {
        byte[] large = TestImages.Encode(3000, 2000, SKEncodedImageFormat.Png, out _, (x, y, c) => (byte)(x ^ y));
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder());
        Prediction[] expected = classifier.ClassifyEncoded(large, cancellationToken: Token);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5; i++)
            Assert.Equal(expected, classifier.ClassifyEncoded(large, cancellationToken: Token));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal(expected[0].Index, classifier.ClassifyEncoded(large, cancellationToken: Token)[0].Index);
    }
}
