using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Normalization;

public sealed unsafe class LocalResponseNormMaxPoolTests
{
    /// <summary>batch, height, width, channels, output height and width, window, stride, padding.</summary>
    public static TheoryData<int, int, int, int, int, int, int, int, int> Cases => new()
    {
        { 2, 12, 14, 64, 5, 6, 3, 2, 0 },    // the last row and column belong to no window
        { 17, 7, 7, 20, 3, 3, 3, 2, 0 },     // whole images as bands
        { 1, 13, 13, 17, 6, 6, 3, 2, 0 },    // many bands
        { 1, 9, 6, 3, 5, 4, 3, 2, 1 },
        { 3, 1, 1, 5, 1, 1, 1, 1, 0 },
        { 1, 11, 10, 33, 3, 3, 2, 4, 0 },    // gaps between windows
        { 2, 8, 8, 1, 6, 6, 3, 1, 0 },       // every row in three windows
        { 1, 4, 4, 16, 1, 1, 4, 4, 0 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void OnePassGivesTheBitsOfTwo(int n, int h, int w, int c, int oh, int ow, int size, int stride, int padding)
    {
        // The map after a ReLU: half of it zeros, and rounded so that many maxima are equal.
        float[] x = Array.ConvertAll(Values.Relu(Values.Normal(1, n * h * w * c, 2)), MathF.Round);
        float[] gradient = Values.Normal(2, n * oh * ow * c);
        var settings = new ResponseNormSettings(n * h * w, c, 4, 1, 0.1f, 0.75f);
        PoolWindows windows = PoolWindows.Sliding(n, h, w, c, new PoolAxis(oh, size, stride, padding), new PoolAxis(ow, size, stride, padding));
        foreach (SimdTier tier in Values.Tiers)
            foreach (bool relu in new[] { false, true })
            {
                (float[] expected, float[] expectedBack) = Separate(settings, windows, x, gradient, relu, tier);
                foreach (int threads in Values.ThreadCounts)
                {
                    LocalResponseNormMaxPool fused = LocalResponseNormMaxPool.Create(settings, windows, relu, tier);
                    using var pool = new WorkerPool(threads);
                    using GuardedBuffer input = new(x), output = new(gradient.Length), gradOutput = new(gradient), gradInput = new(x.Length);
                    using var scratch = new GuardedBuffer(fused.ScratchLength(threads));
                    fused.Bind(pool, scratch.Pointer);
                    fused.Forward(input.Pointer, output.Pointer);
                    fused.Backward(input.Pointer, output.Pointer, gradOutput.Pointer, gradInput.Pointer);
                    scratch.Check("scratch");
                    Compare.SameBits($"output {tier} {threads}", expected, output.Values("output"));
                    // Not their bits: 0 and −0 are the same gradient.
                    Assert.Equal(expectedBack, gradInput.Values("gradInput"));
                }
            }
    }

    [Fact]
    public void RowsThatNoWindowCoversAreNotRead()
    {
        const int h = 6, c = 16;
        float[] x = Values.Normal(1, h * h * c);
        x.AsSpan(5 * h * c).Fill(float.NaN);
        PoolWindows windows = PoolWindows.Sliding(1, h, h, c, new PoolAxis(2, 3, 2), new PoolAxis(2, 3, 2));
        LocalResponseNormMaxPool fused = LocalResponseNormMaxPool.Create(new(h * h, c, 4, 1, 0.1f, 0.75f), windows, relu: false);
        using var pool = new WorkerPool(1);
        using GuardedBuffer input = new(x), output = new(4 * c), gradOutput = new(Values.Normal(2, 4 * c)), gradInput = new(x.Length);
        using var scratch = new GuardedBuffer(fused.ScratchLength(1));
        fused.Bind(pool, scratch.Pointer);
        fused.Forward(input.Pointer, output.Pointer);
        fused.Backward(input.Pointer, output.Pointer, gradOutput.Pointer, gradInput.Pointer);
        Assert.All(gradInput.Values("gradInput"), v => Assert.True(float.IsFinite(v)));
        Compare.Zero("last row", gradInput.Span[(5 * h * c)..]);
        Assert.All(output.Values("output"), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void SizesThatDoNotFitTogetherAreRefused()
    {
        PoolWindows windows = PoolWindows.Sliding(1, 4, 4, 8, new PoolAxis(2, 2, 2), new PoolAxis(2, 2, 2));
        Assert.Throws<ArgumentException>(() => LocalResponseNormMaxPool.Create(new(16, 9, 4, 1, 0.1f, 0.75f), windows, false));
        Assert.Throws<ArgumentException>(() => LocalResponseNormMaxPool.Create(new(15, 8, 4, 1, 0.1f, 0.75f), windows, false));
    }

    private static (float[] Output, float[] GradInput) Separate(
        ResponseNormSettings settings, PoolWindows windows, float[] x, float[] gradient, bool relu, SimdTier tier)
    {
        using var pool = new WorkerPool(1);
        using GuardedBuffer input = new(x), map = new(x.Length), output = new(gradient.Length);
        using GuardedBuffer gradOutput = new(gradient), gradMap = new(x.Length), gradInput = new(x.Length);
        LocalResponseNorm norm = LocalResponseNorm.Create(settings, tier);
        MaxPool max = MaxPool.Create(windows, tier);
        using var scratch = new GuardedBuffer(norm.ScratchLength(1));
        norm.Bind(pool, scratch.Pointer);
        max.Bind(pool, null);
        norm.Forward(input.Pointer, map.Pointer);
        max.Forward(map.Pointer, output.Pointer);
        max.Backward(map.Pointer, output.Pointer, gradOutput.Pointer, gradMap.Pointer);
        norm.Backward(input.Pointer, map.Pointer, gradMap.Pointer, gradInput.Pointer);
        if (relu)
            Map<ReluGradientOperator>.Create(tier).Run(pool, default, input.Pointer, gradInput.Pointer, gradInput.Pointer, x.Length);
        return (output.Values("output"), gradInput.Values("gradInput"));
    }
}
