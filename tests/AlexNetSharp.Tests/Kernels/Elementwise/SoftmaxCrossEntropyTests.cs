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
    public void Agrees_with_the_oracle(int rows, int classes, float smoothing)
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
    public void Softmax_sums_to_one_and_huge_logits_do_not_overflow()
    {
        using var pool = new WorkerPool(1);
        using GuardedBuffer logits = new([1e30f, -1e30f, 0, 1000, 1000, 999]), actual = new(6);
        var softmax = new SoftmaxCrossEntropy(pool, 2, 3);
        softmax.Softmax(logits.Pointer, actual.Pointer, 2);
        double e = Math.Exp(-1);
        Compare.Close("softmax", [1, 0, 0, 1 / (2 + e), 1 / (2 + e), e / (2 + e)], actual.Values("softmax"), Tolerances.Elementwise);
        Assert.Equal(Math.Log(2 + e) / 2, softmax.Loss(logits.Pointer, [0, 1], null), 1e-6);
        logits.Span[4] = float.NaN;
        Assert.True(double.IsNaN(softmax.Loss(logits.Pointer, [0, 1], null)));
    }

    [Fact]
    public void Labels_and_sizes_are_checked()
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

    [Fact]
    public void Top_k_counts_labels_among_the_largest()
    {
        using var values = new GuardedBuffer([0.1f, 0.5f, 0.4f, 7, 7, 7, 1, float.NaN, 2]);
        Assert.Equal(2, TopK.CountCorrect(values.Pointer, [1, 0, 1], 3, 1));
        Assert.Equal(2, TopK.CountCorrect(values.Pointer, [2, 2, 0], 3, 2));
        Assert.Equal(1, TopK.CountCorrect(values.Pointer, [2, 2], 3, 2));
        Assert.Equal(2, TopK.CountCorrect(values.Pointer, [0, 2], 3, 3));
    }
}
