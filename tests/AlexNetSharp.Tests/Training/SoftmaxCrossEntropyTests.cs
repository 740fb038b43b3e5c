using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class SoftmaxCrossEntropyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void Loss_and_gradient_agree_with_the_oracle(double smoothing)
    {
        var random = new System.Random(5);
        OracleTensor logits = OracleTensor.From([.. Enumerable.Range(0, 7 * 13).Select(_ => (float)(random.NextDouble() * 8 - 4))], 7, 1, 1, 13);
        int[] labels = [.. Enumerable.Range(0, 7).Select(_ => random.Next(13))];
        (double expected, OracleTensor expectedGradient) = OracleLoss.CrossEntropy(logits, labels, smoothing);

        float[] t = Array.ConvertAll(logits.Data, v => (float)v), gradient = new float[t.Length];
        double loss = SoftmaxCrossEntropy.Compute(t, labels, gradient, 1f / 7, (float)smoothing) / 7;
        Assert.Equal(expected, loss, 1e-6 * expected);
        Compare.Close("gradient", expectedGradient.Data, gradient, Tolerances.Elementwise);
        Assert.Equal(loss, SoftmaxCrossEntropy.Compute(t, labels, (float)smoothing) / 7, 1e-12);
    }

    [Fact]
    public void Huge_logits_give_a_finite_loss()
    {
        float[] t = [1e30f, 0, -1e30f], gradient = new float[3];
        Assert.Equal(1e30, SoftmaxCrossEntropy.Compute(t, [1], gradient, 1), 1e24);
        Assert.Equal([1, -1, 0], gradient);
    }

    [Fact]
    public void Not_a_number_is_passed_on() =>
        Assert.True(double.IsNaN(SoftmaxCrossEntropy.Compute([float.NaN, 0, 1], [1])));

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void Labels_outside_the_classes_are_refused(int label)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => SoftmaxCrossEntropy.Compute([0, 1, 2], [label]));
        Assert.Contains(FormattableString.Invariant($"label {label}"), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void L2_loss_is_half_the_sum_of_squares()
    {
        float[] gradient = new float[3];
        Assert.Equal(7, L2Loss.Compute([1, -2, 3], gradient));
        Assert.Equal([1, -2, 3], gradient);
    }
}
