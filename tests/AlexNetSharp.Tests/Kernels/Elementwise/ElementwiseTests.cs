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
    public void Maps_do_what_their_formulas_say(int n)
    {
        float[] a = Values.Normal(1, n), b = Values.Normal(2, n);
        foreach (SimdTier tier in Values.Tiers)
        {
            using var pool = new WorkerPool(3);
            using GuardedBuffer x = new(a), y = new(b), z = new(n);
            Map<ReluOperator>.Create(tier).Run(pool, default, x.Pointer, x.Pointer, z.Pointer, n);
            Assert.Equal(a.Select(v => Math.Max(v, 0)), z.Values("relu"));
            Map<ReluGradientOperator>.Create(tier).Run(pool, default, x.Pointer, y.Pointer, z.Pointer, n);
            Assert.Equal(a.Zip(b, (v, g) => v > 0 ? g : 0), z.Values("relu gradient"));
            Map<ReluOperator>.Create(tier).Run(pool, default, x.Pointer, x.Pointer, x.Pointer, n);
            Assert.Equal(a.Select(v => Math.Max(v, 0)), x.Values("relu in place"));
            y.Check("inputs");
        }
    }

    [Fact]
    public void Relu_lets_not_a_number_through_and_its_gradient_stops_there()
    {
        float[] a = [.. Enumerable.Repeat(float.NaN, 37)];
        foreach (SimdTier tier in Values.Tiers)
        {
            using var pool = new WorkerPool(1);
            using GuardedBuffer x = new(a), y = new(37), g = new(Values.Normal(1, 37));
            Map<ReluOperator>.Create(tier).Run(pool, default, x.Pointer, x.Pointer, y.Pointer, 37);
            Assert.All(y.Values("relu"), v => Assert.True(float.IsNaN(v)));
            Map<ReluGradientOperator>.Create(tier).Run(pool, default, x.Pointer, g.Pointer, y.Pointer, 37);
            Compare.Zero("gradient", y.Values("gradient"));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Sum_of_squares_is_close_and_the_same_for_any_number_of_threads(int n)
    {
        float[] a = Values.Normal(1, n);
        double expected = a.Sum(v => (double)v * v);
        foreach (SimdTier tier in Values.Tiers)
        {
            using var x = new GuardedBuffer(a);
            double first = double.NaN;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                double sum = SumOfSquares.Create(tier).Run(pool, x.Pointer, n);
                Assert.InRange(sum, expected * (1 - Tolerances.Elementwise), expected * (1 + Tolerances.Elementwise));
                if (threads > 1)
                    Assert.Equal(first, sum);
                first = sum;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Dropout_keeps_what_the_stream_says(int n)
    {
        var random = new Philox(17, 3, 5);
        const float keep = 0.625f;
        float[] a = Values.Normal(1, n);
        float[] expected = [.. a.Select((v, i) => random.Uniform(i) < keep ? v * (1 / keep) : 0)];
        foreach (SimdTier tier in Values.Tiers)
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                using GuardedBuffer x = new(a), y = new(n);
                DropoutKernel dropout = DropoutKernel.Create(tier);
                dropout.Run(pool, random, keep, x.Pointer, y.Pointer, n);
                Assert.Equal(expected, y.Values("dropout"));
                dropout.Run(pool, random, keep, x.Pointer, x.Pointer, n);
                Assert.Equal(expected, x.Values("dropout in place"));
            }
    }

    [Fact]
    public void Dropout_drops_the_right_share_and_other_steps_other_elements()
    {
        const int n = 100_000;
        using var pool = new WorkerPool(1);
        using GuardedBuffer x = new(n), y = new(n), z = new(n);
        x.Span.Fill(1);
        DropoutKernel dropout = DropoutKernel.Create();
        dropout.Run(pool, new Philox(1, 2, 3), 0.5f, x.Pointer, y.Pointer, n);
        dropout.Run(pool, new Philox(1, 2, 4), 0.5f, x.Pointer, z.Pointer, n);
        float[] first = y.Values("y"), second = z.Values("z");
        Assert.All(first, v => Assert.True(v is 0 or 2));
        Assert.InRange(first.Count(v => v == 0), 49_500, 50_500);
        Assert.InRange(first.Zip(second).Count(p => p.First == p.Second), 49_500, 50_500);
        dropout.Run(pool, new Philox(1, 2, 3), 1, x.Pointer, y.Pointer, n);
        Assert.Equal(x.Values("x"), y.Values("y"));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Sgd_updates_as_its_formula_says(int n)
    {
        float[] w = Values.Normal(1, n), g = Values.Normal(2, n), v = Values.Normal(3, n);
        var step = new SgdStep(0.01f, 0.9f, 0.004f, 0.5f);
        double[] velocity = new double[n], weight = new double[n];
        for (int i = 0; i < n; i++)
        {
            velocity[i] = (double)step.Momentum * v[i] + ((double)step.GradientScale * g[i] + (double)step.WeightDecay * w[i]);
            weight[i] = w[i] - (double)step.LearningRate * velocity[i];
        }
        foreach (SimdTier tier in Values.Tiers)
        {
            float[]? firstWeight = null;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                using GuardedBuffer weights = new(w), gradients = new(g), velocities = new(v);
                SgdUpdate.Create(tier).Run(pool, step, weights.Pointer, gradients.Pointer, velocities.Pointer, n);
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
    public void AdamW_updates_as_its_formula_says(int n)
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
        foreach (SimdTier tier in Values.Tiers)
        {
            float[]? firstWeight = null;
            foreach (int threads in Values.ThreadCounts)
            {
                using var pool = new WorkerPool(threads);
                using GuardedBuffer weights = new(w), gradients = new(g), means = new(m), squares = new(v);
                AdamWUpdate.Create(tier).Run(pool, step, weights.Pointer, gradients.Pointer, means.Pointer, squares.Pointer, n);
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
