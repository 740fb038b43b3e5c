using System.Numerics.Tensors;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Tests.Inference;

/// <summary>A call allocates its result and nothing else, on no thread.</summary>
[Collection(nameof(Alone))]
public class InferenceAllocationTests
{
    private const int Calls = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClassifyingPixelsAllocatesTheResult(bool tenCrop)
    {
        using var classifier = new Classifier(InferenceModels.Small(), options: new InferenceOptions { TenCrop = tenCrop });
        byte[] image = InferenceModels.Image(70, 90, 1);
        AssertAllocates(Size(() => new Prediction[3]), () => classifier.Classify(image, 70, 90, top: 3));
    }

    [Fact]
    public void FeaturesAllocateTheResult()
    {
        using var extractor = new FeatureExtractor(InferenceModels.Small());
        byte[] image = InferenceModels.Image(70, 90, 1);
        AssertAllocates(Size(() => new float[extractor.Length]), () => extractor.Extract(image, 70, 90));
    }

    [Fact]
    public void LogitsIntoMemoryOfTheCallerAllocateNothing()
    {
        using var classifier = new Classifier(InferenceModels.Small());
        Tensor<float> images = Tensor.CreateFromShape<float>([10, 32, 32, 3]), logits = Tensor.CreateFromShape<float>([10, 6]);
        AssertAllocates(0, () => classifier.Logits(images.AsReadOnlyTensorSpan(), logits.AsTensorSpan()));
    }

    private static long Size(Func<object> make)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(make());
        long first = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(make());
        return Math.Min(first, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertAllocates(long bytesACall, Action call)
    {
        for (int i = 0; i < 3; i++)
            call();
        // All threads together; what the test runner allocates beside us, it does now and then.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Calls; i++)
                call();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(bytesACall * Calls, least);
    }
}
