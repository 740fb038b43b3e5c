using AlexNetSharp.Cli.Models;
using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class SoftmaxCrossEntropyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void LossAndGradientAgreeWithTheOracle(double smoothing)
    {
        var random = new System.Random(5);
        OracleTensor logits = OracleTensor.From([.. Enumerable.Range(0, 7 * 13).Select(_ => (float)(random.NextDouble() * 8 - 4))], 7, 1, 1, 13);
        int[] labels = [.. Enumerable.Range(0, 7).Select(_ => random.Next(13))];
        (double expected, OracleTensor expectedGradient) = OracleLoss.CrossEntropy(logits, labels, smoothing);

        float[] t = Array.ConvertAll(logits.Data, v => (float)v), gradient = new float[t.Length];
        using var crossEntropy = new SoftmaxCrossEntropy(maxBatch: 7, classes: 13, (float)smoothing, threads: 2);
        double loss = crossEntropy.Compute(t, labels, gradient);
        Assert.Equal(expected, loss, 1e-6 * expected);
        Compare.Close("gradient", expectedGradient.Data, gradient, Tolerances.Elementwise);
        Assert.Equal(loss, crossEntropy.Compute(t, labels));
    }

    [Fact]
    public void HugeLogitsGiveAFiniteLoss()
    {
        float[] t = [1e30f, 0, -1e30f], gradient = new float[3];
        using var crossEntropy = new SoftmaxCrossEntropy(1, 3);
        Assert.Equal(1e30, crossEntropy.Compute(t, [1], gradient), 1e24);
        Assert.Equal([1, -1, 0], gradient);
    }

    [Fact]
    public void NotANumberIsPassedOn()
    {
        using var crossEntropy = new SoftmaxCrossEntropy(1, 3);
        Assert.True(double.IsNaN(crossEntropy.Compute([float.NaN, 0, 1], [1])));
    }

    [Fact]
    public void LabelsOutsideTheClassesAndWrongSizesAreRefused()
    {
        using var crossEntropy = new SoftmaxCrossEntropy(2, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => crossEntropy.Compute([0, 1, 2], [3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => crossEntropy.Compute([0, 1, 2], [-1]));
        Assert.Throws<ArgumentException>(() => crossEntropy.Compute([0, 1, 2, 3], [1]));
        Assert.Throws<ArgumentException>(() => crossEntropy.Compute([0, 1, 2], [1], new float[2]));
    }

    [Fact]
    public void L2LossIsHalfTheSumOfSquares()
    {
        float[] gradient = new float[3];
        Assert.Equal(7, L2Loss.Compute([1, -2, 3], gradient));
        Assert.Equal([1, -2, 3], gradient);
    }
}
