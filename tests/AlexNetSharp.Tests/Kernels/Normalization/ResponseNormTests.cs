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
        foreach (SimdTier tier in Values.Tiers)
        {
            LocalResponseNorm norm = LocalResponseNorm.Create(new(pixels, channels, radius, bias, alpha, beta), tier);
            (float[] output, float[] back) = Run(norm, x, gradient, 2);
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
        foreach (SimdTier tier in Values.Tiers)
        {
            WithinChannelNorm norm = WithinChannelNorm.Create(new(n, h, w, c, size, alpha, beta), backward: true, tier);
            (float[] output, float[] back) = Run(norm, x, gradient, 2);
            Compare.Close($"norm {tier}", expected, output, Tolerances.Elementwise);
            Compare.Close($"norm {tier} gradient", gradInput, back, Tolerances.Elementwise);
        }
    }

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameBits()
    {
        const int n = 5, h = 11, c = 100;
        float[] x = Values.Normal(5, n * h * h * c), gradient = Values.Normal(6, x.Length);
        LocalResponseNorm Across() => LocalResponseNorm.Create(new(n * h * h, c, 4, 1, 0.1f, 0.75f));
        WithinChannelNorm Within() => WithinChannelNorm.Create(new(n, h, h, c, 3, 0.1f, 0.75f), backward: true);
        (float[] Output, float[] Back) across = Run(Across(), x, gradient, 1), within = Run(Within(), x, gradient, 1);
        foreach (int threads in Values.ThreadCounts)
        {
            (float[] output, float[] back) = Run(Across(), x, gradient, threads);
            Compare.SameBits("output", across.Output, output);
            Compare.SameBits("gradient", across.Back, back);
            (output, back) = Run(Within(), x, gradient, threads);
            Compare.SameBits("output", within.Output, output);
            Compare.SameBits("gradient", within.Back, back);
        }
    }

    [Fact]
    public void TheGradientMayBeComputedInPlace()
    {
        float[] x = Values.Normal(7, 1000 * 20), gradient = Values.Normal(8, x.Length);
        ResponseNormSettings settings = new(1000, 20, 4, 1, 0.1f, 0.75f);
        (_, float[] expected) = Run(LocalResponseNorm.Create(settings), x, gradient, 1);
        using var pool = new WorkerPool(2);
        LocalResponseNorm norm = LocalResponseNorm.Create(settings);
        using GuardedBuffer input = new(x), inPlace = new(gradient), scratch = new(norm.ScratchLength(2));
        norm.Bind(pool, scratch.Pointer);
        norm.Backward(input.Pointer, null, inPlace.Pointer, inPlace.Pointer);
        Compare.SameBits("in place", expected, inPlace.Values("gradient"));
    }

    [Fact]
    public void OnlyBackwardWithinChannelsNeedsScratch()
    {
        WithinChannelSettings settings = new(2, 5, 6, 7, 3, 0.1f, 0.75f);
        Assert.Equal(3 * 5 * 6 * 7, WithinChannelNorm.Create(settings, backward: true).ScratchLength(3));
        WithinChannelNorm forward = WithinChannelNorm.Create(settings, backward: false);
        Assert.Equal(0, forward.ScratchLength(3));
        using var pool = new WorkerPool(1);
        forward.Bind(pool, null);
        Assert.Throws<InvalidOperationException>(() => forward.Backward(null, null, null, null));
    }

    [Fact]
    public void RowsWithinChannelsArePiecesOfWork()
    {
        // One image on many threads: each takes some rows.
        float[] x = Values.Normal(9, 23 * 9 * 40);
        WithinChannelSettings settings = new(1, 23, 9, 40, 5, 0.1f, 0.75f);
        (float[] expected, _) = Run(WithinChannelNorm.Create(settings, backward: true), x, x, 1);
        (float[] output, _) = Run(WithinChannelNorm.Create(settings, backward: true), x, x, 8);
        Compare.SameBits("output", expected, output);
    }

    [Theory]
    [InlineData(4, 0f, 0.1f)]
    [InlineData(4, 1f, -0.1f)]
    [InlineData(-1, 1f, 0.1f)]
    public void SettingsThatAllowADenominatorOfZeroAreRefused(int radius, float bias, float alpha) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => LocalResponseNorm.Create(new(1, 1, radius, bias, alpha, 0.75f)));

    private static (float[] Output, float[] GradInput) Run(MapKernel norm, float[] x, float[] gradient, int threads)
    {
        using var pool = new WorkerPool(threads);
        using GuardedBuffer input = new(x), output = new(x.Length), gradOutput = new(gradient), gradInput = new(x.Length);
        using var scratch = new GuardedBuffer(norm.ScratchLength(threads));
        norm.Bind(pool, scratch.Pointer);
        norm.Forward(input.Pointer, output.Pointer);
        norm.Backward(input.Pointer, output.Pointer, gradOutput.Pointer, gradInput.Pointer);
        scratch.Check("scratch");
        return (output.Values("output"), gradInput.Values("gradInput"));
    }
}
