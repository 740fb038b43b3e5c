using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Kernels.Normalization;

public sealed class LocalResponseNormMaxPoolTests
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
        foreach (SimdTier tier in TestedTiers.All)
            foreach (bool relu in new[] { false, true })
            {
                (float[] expected, float[] expectedBack) = Separate(settings, windows, x, gradient, relu, tier);
                foreach (int threads in Values.ThreadCounts)
                {
                    (float[] output, float[] gradInput) = KernelRunner.Run(
                        KernelSet.Of(tier).LocalResponseNormMaxPool(settings, windows, relu), x, gradient, threads);
                    Compare.SameBits($"output {tier} {threads}", expected, output);
                    // Not their bits: 0 and −0 are the same gradient.
                    Assert.Equal(expectedBack, gradInput);
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
        Kernel fused = KernelSet.Best.LocalResponseNormMaxPool(new(h * h, c, 4, 1, 0.1f, 0.75f), windows, relu: false);
        (float[] output, float[] gradInput) = KernelRunner.Run(fused, x, Values.Normal(2, 4 * c));
        Assert.All(gradInput, v => Assert.True(float.IsFinite(v)));
        Compare.Zero("last row", gradInput.AsSpan(5 * h * c));
        Assert.All(output, v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void SizesThatDoNotFitTogetherAreRefused()
    {
        PoolWindows windows = PoolWindows.Sliding(1, 4, 4, 8, new PoolAxis(2, 2, 2), new PoolAxis(2, 2, 2));
        Assert.Throws<ArgumentException>(() => KernelSet.Best.LocalResponseNormMaxPool(new(16, 9, 4, 1, 0.1f, 0.75f), windows, false));
        Assert.Throws<ArgumentException>(() => KernelSet.Best.LocalResponseNormMaxPool(new(15, 8, 4, 1, 0.1f, 0.75f), windows, false));
    }

    private static (float[] Output, float[] GradInput) Separate(
        ResponseNormSettings settings, PoolWindows windows, float[] x, float[] gradient, bool relu, SimdTier tier)
    {
        KernelSet kernels = KernelSet.Of(tier);
        float[] map = KernelRunner.Run(kernels.LocalResponseNorm(settings), x, x).Output;
        (float[] output, float[] gradMap) = KernelRunner.Run(kernels.MaxPool(windows), map, gradient);
        float[] gradInput = KernelRunner.Run(kernels.LocalResponseNorm(settings), x, gradMap).GradInput;
        if (relu)
            for (int i = 0; i < x.Length; i++)
                gradInput[i] = x[i] > 0 ? gradInput[i] : 0;
        return (output, gradInput);
    }
}
