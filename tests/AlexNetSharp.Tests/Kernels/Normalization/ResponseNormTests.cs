using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Normalization;

public sealed unsafe class ResponseNormTests
{
    /// <summary>pixels, channels, radius, bias, alpha, beta.</summary>
    public static TheoryData<int, int, int, float, float, float> Cases => new()
    {
        { 50, 64, 4, 1, 0.001f / 9, 0.75f },
        { 7, 96, 2, 2, 1e-4f, 0.75f },
        { 3, 1, 4, 1, 0.5f, 0.75f },
        { 3, 3, 4, 1, 0.5f, 0.5f },       // the window is wider than all channels
        { 9, 5, 1, 1, 0.5f, 0.5f },
        { 5, 17, 0, 1, 0.3f, 1 },
        { 5, 33, 3, 0.5f, 0.2f, 0.6f },
        { 300, 20, 4, 1, 0.1f, 0.75f },
        { 11, 48, 2, 1, 0.3f, 0.5f },
        { 6, 16, 4, 1, 0.3f, 0.5f },
        { 2, 3000, 4, 1, 0.1f, 0.75f },   // one pixel is longer than a line
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void AcrossChannelsAgreesWithTheOracle(int pixels, int channels, int radius, float bias, float alpha, float beta)
    {
        // Values of 0 (as after a ReLU), large and small ones.
        float[] x = Values.Normal(1, pixels * channels, 3), gradient = Values.Normal(2, x.Length);
        for (int i = 0; i < x.Length; i += 7)
            x[i] = 0;
        var oracle = new OracleLocalResponseNorm(radius, bias, alpha, beta);
        OracleTensor input = OracleTensor.From(x, pixels, 1, 1, channels);
        double[] expected = oracle.Forward(input).Data;
        double[] gradInput = oracle.Backward(input, OracleTensor.From(gradient, pixels, 1, 1, channels)).Data;
        foreach (SimdTier tier in TestedTiers.All)
        {
            Kernel norm = KernelSet.Of(tier).LocalResponseNorm(new(pixels, channels, radius, bias, alpha, beta));
            (float[] output, float[] back) = KernelRunner.Run(norm, x, gradient, 2);
            Compare.Close($"norm {tier}", expected, output, Tolerances.Elementwise);
            Compare.Close($"norm {tier} gradient", gradInput, back, Tolerances.Elementwise);
        }
    }

    [Theory]
    [InlineData(2, 8, 8, 32, 3, 5e-5f, 0.75f)]
    [InlineData(1, 1, 1, 17, 3, 0.9f, 0.75f)]
    [InlineData(2, 5, 3, 3, 5, 2f, 0.5f)]
    [InlineData(1, 4, 6, 33, 1, 1f, 1f)]
    [InlineData(3, 2, 2, 5, 7, 3f, 0.3f)]
    public void WithinChannelsAgreesWithTheOracle(int n, int h, int w, int c, int size, float alpha, float beta)
    {
        float[] x = Values.Normal(3, n * h * w * c, 3), gradient = Values.Normal(4, x.Length);
        var oracle = new OracleWithinChannelNorm(size, alpha, beta);
        OracleTensor input = OracleTensor.From(x, n, h, w, c);
        double[] expected = oracle.Forward(input).Data;
        double[] gradInput = oracle.Backward(input, OracleTensor.From(gradient, n, h, w, c)).Data;
        foreach (SimdTier tier in TestedTiers.All)
        {
            Kernel norm = KernelSet.Of(tier).WithinChannelNorm(new(n, h, w, c, size, alpha, beta), backward: true);
            (float[] output, float[] back) = KernelRunner.Run(norm, x, gradient, 2);
            Compare.Close($"norm {tier}", expected, output, Tolerances.Elementwise);
            Compare.Close($"norm {tier} gradient", gradInput, back, Tolerances.Elementwise);
        }
    }

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameBits()
    {
        const int n = 5, h = 11, c = 100;
        float[] x = Values.Normal(5, n * h * h * c), gradient = Values.Normal(6, x.Length);
        Kernel Across() => KernelSet.Best.LocalResponseNorm(new(n * h * h, c, 4, 1, 0.1f, 0.75f));
        Kernel Within() => KernelSet.Best.WithinChannelNorm(new(n, h, h, c, 3, 0.1f, 0.75f), backward: true);
        (float[] Output, float[] Back) across = KernelRunner.Run(Across(), x, gradient, 1), within = KernelRunner.Run(Within(), x, gradient, 1);
        foreach (int threads in Values.ThreadCounts)
        {
            (float[] output, float[] back) = KernelRunner.Run(Across(), x, gradient, threads);
            Compare.SameBits("output", across.Output, output);
            Compare.SameBits("gradient", across.Back, back);
            (output, back) = KernelRunner.Run(Within(), x, gradient, threads);
            Compare.SameBits("output", within.Output, output);
            Compare.SameBits("gradient", within.Back, back);
        }
    }

    [Fact]
    public void TheGradientMayBeComputedInPlace()
    {
        float[] x = Values.Normal(7, 1000 * 20), gradient = Values.Normal(8, x.Length);
        ResponseNormSettings settings = new(1000, 20, 4, 1, 0.1f, 0.75f);
        (_, float[] expected) = KernelRunner.Run(KernelSet.Best.LocalResponseNorm(settings), x, gradient);
        using var pool = new WorkerPool(2);
        Kernel norm = KernelSet.Best.LocalResponseNorm(settings);
        using GuardedBuffer input = new(x), inPlace = new(gradient), scratch = new(norm.ScratchLength(2));
        norm.Bind(pool, new Operands { Input = input.Pointer, GradInput = inPlace.Pointer, GradOutput = inPlace.Pointer, Scratch = scratch.Pointer });
        norm.Backward();
        Compare.SameBits("in place", expected, inPlace.Values("gradient"));
    }

    [Fact]
    public void OnlyBackwardWithinChannelsNeedsScratch()
    {
        WithinChannelSettings settings = new(2, 5, 6, 7, 3, 0.1f, 0.75f);
        Assert.Equal(3 * 5 * 6 * 7, KernelSet.Best.WithinChannelNorm(settings, backward: true).ScratchLength(3));
        Kernel forward = KernelSet.Best.WithinChannelNorm(settings, backward: false);
        Assert.Equal(0, forward.ScratchLength(3));
        using var pool = new WorkerPool(1);
        using var gradient = new GuardedBuffer(1);
        Assert.Throws<ArgumentException>(() => forward.Bind(pool, new Operands { GradInput = gradient.Pointer }));
    }

    [Fact]
    public void RowsWithinChannelsArePiecesOfWork()
    {
        // One image on many threads: each takes some rows.
        float[] x = Values.Normal(9, 23 * 9 * 40);
        WithinChannelSettings settings = new(1, 23, 9, 40, 5, 0.1f, 0.75f);
        (float[] expected, _) = KernelRunner.Run(KernelSet.Best.WithinChannelNorm(settings, backward: true), x, x, 1);
        (float[] output, _) = KernelRunner.Run(KernelSet.Best.WithinChannelNorm(settings, backward: true), x, x, 8);
        Compare.SameBits("output", expected, output);
    }

    [Theory]
    [InlineData(4, 0f, 0.1f)]
    [InlineData(4, 1f, -0.1f)]
    [InlineData(-1, 1f, 0.1f)]
    public void SettingsThatAllowADenominatorOfZeroAreRefused(int radius, float bias, float alpha) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => KernelSet.Best.LocalResponseNorm(new(1, 1, radius, bias, alpha, 0.75f)));
}
