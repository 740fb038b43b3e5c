using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Elementwise;

public sealed unsafe class SoftmaxCrossEntropyTests
{
    [Theory]
    [InlineData(1, 1000, 0f)]
    [InlineData(7, 10, 0f)]
    [InlineData(5, 17, 0.1f)]
    [InlineData(3, 2, 0.5f)]
    public void AgreesWithTheOracle(int rows, int classes, float smoothing)
    {
        float[] z = Values.Normal(1, rows * classes, 5);
        int[] labels = [.. Values.Ties(2, rows, classes).Select(v => (int)v)];
        (double loss, OracleTensor gradient) = OracleLoss.CrossEntropy(OracleTensor.From(z, rows, 1, 1, classes), labels, smoothing);
        foreach (int threads in Values.ThreadCounts)
        {
            using var pool = new WorkerPool(threads);
            using GuardedBuffer logits = new(z), actual = new(z.Length);
            var softmax = new SoftmaxCrossEntropy(pool, rows, classes, smoothing);
            Assert.Equal(loss, softmax.Loss(logits.Pointer, labels, actual.Pointer), 1e-6 * Math.Max(1, loss));
            Compare.Close("gradient", gradient.Data, actual.Values("gradient"), Tolerances.Elementwise);
            Assert.Equal(loss, softmax.Loss(logits.Pointer, labels, null), 1e-6 * Math.Max(1, loss));
            softmax.Loss(logits.Pointer, labels, actual.Pointer, 0.25f);
            Compare.Close("scaled gradient", [.. gradient.Data.Select(g => g / 4)], actual.Values("gradient"), Tolerances.Elementwise);
            // In place.
            softmax.Loss(logits.Pointer, labels, logits.Pointer);
            Compare.Close("gradient in place", gradient.Data, logits.Values("gradient"), Tolerances.Elementwise);
        }
    }

    [Fact]
    public void HugeLogitsDoNotOverflow()
    {
        using var pool = new WorkerPool(1);
        using var logits = new GuardedBuffer([1e30f, -1e30f, 0, 1000, 1000, 999]);
        var softmax = new SoftmaxCrossEntropy(pool, 2, 3);
        double e = Math.Exp(-1);
        Assert.Equal(Math.Log(2 + e) / 2, softmax.Loss(logits.Pointer, [0, 1], null), 1e-6);
        logits.Span[4] = float.NaN;
        Assert.True(double.IsNaN(softmax.Loss(logits.Pointer, [0, 1], null)));
    }

    [Fact]
    public void LabelsAndSizesAreChecked()
    {
        using var pool = new WorkerPool(1);
        using var logits = new GuardedBuffer(new float[6]);
        var softmax = new SoftmaxCrossEntropy(pool, 2, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => softmax.Loss(logits.Pointer, [0, 3], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => softmax.Loss(logits.Pointer, [-1], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => softmax.Loss(logits.Pointer, [], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => softmax.Loss(logits.Pointer, [0, 0, 0], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SoftmaxCrossEntropy(pool, 2, 3, 1));
    }
}
