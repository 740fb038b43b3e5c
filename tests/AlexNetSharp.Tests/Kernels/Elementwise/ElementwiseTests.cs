using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Random;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Elementwise;

public sealed unsafe class ElementwiseTests
{
    public static TheoryData<int> Lengths => [.. new[] { 1, 3, 15, 16, 17, 33, 63, 64, 65, 1023, 1025, 16384, 40_001 }];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void ReluDoesWhatItsFormulaSays(int n)
    {
        float[] x = Values.Normal(1, n), gradient = Values.Normal(2, n), expected = Values.Relu(x);
        float[] back = [.. x.Zip(gradient, (v, g) => v > 0 ? g : 0)];
        foreach (SimdTier tier in TestedTiers.All)
        {
            (float[] output, float[] gradInput) = KernelRunner.Run(KernelSet.Of(tier).Relu(n), x, gradient, 3);
            Assert.Equal(expected, output);
            Assert.Equal(back, gradInput);
            (output, gradInput) = KernelRunner.RunInPlace(KernelSet.Of(tier).Relu(n), x, gradient, 3);
            Assert.Equal(expected, output);
            Assert.Equal(back, gradInput);
        }
    }

    [Fact]
    public void ReluLetsNotANumberThroughAndItsGradientStopsThere()
    {
        float[] x = [.. Enumerable.Repeat(float.NaN, 37)];
        foreach (SimdTier tier in TestedTiers.All)
        {
            (float[] output, float[] gradInput) = KernelRunner.Run(KernelSet.Of(tier).Relu(37), x, Values.Normal(1, 37));
            Assert.All(output, v => Assert.True(float.IsNaN(v)));
            Compare.Zero("gradient", gradInput);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SumOfSquaresIsCloseAndTheSameForAnyNumberOfThreads(int n)
    {
        float[] a = Values.Normal(1, n);
        double expected = a.Sum(v => (double)v * v);
        foreach (SimdTier tier in TestedTiers.All)
        {
            using var x = new GuardedBuffer(a);
            double first = double.NaN;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                double sum = KernelSet.Of(tier).SumOfSquares().Run(pool, x.Pointer, n);
                Assert.InRange(sum, expected * (1 - Tolerances.Elementwise), expected * (1 + Tolerances.Elementwise));
                if (threads > 1)
                    Assert.Equal(first, sum);
                first = sum;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void DropoutKeepsWhatTheStreamSays(int n)
    {
        var random = new Philox(17, 3, 5);
        const float keep = 0.625f;
        float[] a = Values.Normal(1, n);
        float[] expected = [.. a.Select((v, i) => random.Uniform(i) < keep ? v * (1 / keep) : 0)];
        float[] gradient = Values.Normal(2, n);
        float[] expectedBack = [.. gradient.Select((v, i) => random.Uniform(i) < keep ? v * (1 / keep) : 0)];
        var step = new Step { Number = 5, Training = true };
        foreach (SimdTier tier in TestedTiers.All)
            foreach (int threads in Values.ThreadCounts)
            {
                Kernel Dropout() => KernelSet.Of(tier).Dropout(n, keep, seed: 17, stream: 3);
                (float[] output, float[] gradInput) = KernelRunner.Run(Dropout(), a, gradient, threads, step);
                Assert.Equal(expected, output);
                Assert.Equal(expectedBack, gradInput);
                (output, gradInput) = KernelRunner.RunInPlace(Dropout(), a, gradient, threads, step);
                Assert.Equal(expected, output);
                Assert.Equal(expectedBack, gradInput);
                foreach (Step? idle in (Step?[])[null, new Step { Number = 5 }])
                {
                    (output, gradInput) = KernelRunner.Run(Dropout(), a, gradient, threads, idle);
                    Assert.Equal(a, output);
                    Assert.Equal(gradient, gradInput);
                }
            }
    }

    [Fact]
    public void DropoutDropsTheRightShareAndOtherStepsOtherElements()
    {
        const int n = 100_000;
        float[] ones = [.. Enumerable.Repeat(1f, n)];
        float[] Drop(ulong number, float keep) => KernelRunner.Run(
            KernelSet.Best.Dropout(n, keep, seed: 1, stream: 2), ones, ones, step: new Step { Number = number, Training = true }).Output;
        float[] first = Drop(3, 0.5f), second = Drop(4, 0.5f);
        Assert.All(first, v => Assert.True(v is 0 or 2));
        Assert.InRange(first.Count(v => v == 0), 49_500, 50_500);
        Assert.InRange(first.Zip(second).Count(p => p.First == p.Second), 49_500, 50_500);
        Assert.Equal(ones, Drop(3, 1));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SgdUpdatesAsItsFormulaSays(int n)
    {
        float[] w = Values.Normal(1, n), g = Values.Normal(2, n), v = Values.Normal(3, n);
        var step = new SgdStep(0.01f, 0.9f, 0.004f, 0.5f);
        double[] velocity = new double[n], weight = new double[n];
        for (int i = 0; i < n; i++)
        {
            velocity[i] = (double)step.Momentum * v[i] + ((double)step.GradientScale * g[i] + (double)step.WeightDecay * w[i]);
            weight[i] = w[i] - (double)step.LearningRate * velocity[i];
        }
        foreach (SimdTier tier in TestedTiers.All)
        {
            float[]? firstWeight = null;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                using GuardedBuffer weights = new(w), gradients = new(g), velocities = new(v);
                KernelSet.Of(tier).SgdUpdate().Run(pool, step, weights.Pointer, gradients.Pointer, velocities.Pointer, n);
                Compare.Close("velocity", velocity, velocities.Values("velocity"), Tolerances.Elementwise);
                Compare.Close("weight", weight, weights.Values("weight"), Tolerances.Elementwise);
                Assert.Equal(g, gradients.Values("gradient"));
                firstWeight ??= weights.Span.ToArray();
                Compare.SameBits("threads", firstWeight, weights.Span);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AdamWUpdatesAsItsFormulaSays(int n)
    {
        float[] w = Values.Normal(1, n), g = Values.Normal(2, n), m = Values.Normal(3, n), v = Array.ConvertAll(Values.Normal(4, n), MathF.Abs);
        var step = new AdamWStep(StepSize: 0.05f, Keep: 0.99f, Beta1: 0.9f, Beta2: 0.99f, RootCorrection: 1.5f, Epsilon: 1e-3f, GradientScale: 0.5f);
        double[] mean = new double[n], square = new double[n], weight = new double[n];
        for (int i = 0; i < n; i++)
        {
            double scaled = (double)step.GradientScale * g[i];
            mean[i] = (double)step.Beta1 * m[i] + (1 - (double)step.Beta1) * scaled;
            square[i] = (double)step.Beta2 * v[i] + (1 - (double)step.Beta2) * scaled * scaled;
            weight[i] = (double)step.Keep * w[i] - step.StepSize * mean[i] / (Math.Sqrt(square[i]) * step.RootCorrection + step.Epsilon);
        }
        foreach (SimdTier tier in TestedTiers.All)
        {
            float[]? firstWeight = null;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                using GuardedBuffer weights = new(w), gradients = new(g), means = new(m), squares = new(v);
                KernelSet.Of(tier).AdamWUpdate().Run(pool, step, weights.Pointer, gradients.Pointer, means.Pointer, squares.Pointer, n);
                Compare.Close("mean", mean, means.Values("mean"), Tolerances.Elementwise);
                Compare.Close("square", square, squares.Values("square"), Tolerances.Elementwise);
                Compare.Close("weight", weight, weights.Values("weight"), Tolerances.Elementwise);
                Assert.Equal(g, gradients.Values("gradient"));
                firstWeight ??= weights.Span.ToArray();
                Compare.SameBits("threads", firstWeight, weights.Span);
            }
        }
    }
}
