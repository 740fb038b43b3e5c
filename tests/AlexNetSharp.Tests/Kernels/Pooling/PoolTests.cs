using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Kernels.Pooling;

public sealed class PoolTests
{
    /// <summary>batch, height, width, channels, window, stride, padding, ceiling.</summary>
    public static TheoryData<int, int, int, int, int, int, int, bool> Cases => new()
    {
        { 2, 13, 13, 5, 3, 2, 0, false },
        { 2, 8, 8, 17, 3, 2, 0, true },     // cuda-convnet: rounds up, so the last window hangs over the end
        { 1, 7, 9, 33, 3, 2, 1, true },
        { 3, 6, 5, 3, 2, 2, 0, false },
        { 1, 1, 1, 1, 1, 1, 0, false },
        { 1, 1, 1, 16, 3, 2, 1, false },    // window larger than the image
        { 2, 5, 4, 16, 2, 3, 0, false },    // stride larger than the window: gaps
        { 17, 4, 4, 70, 3, 1, 1, false },
        { 1, 9, 7, 130, 5, 3, 2, true },    // several blocks of channels
        { 2, 14, 13, 17, 12, 1, 0, false }, // more places in a window than a byte counts
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void MaxPoolingIsExact(int n, int h, int w, int c, int size, int stride, int padding, bool ceiling)
    {
        OracleWindow window = OracleWindow.Square(size, stride, padding, ceiling);
        var oracle = new OracleMaxPool(window);
        // Whole numbers: sums are exact, and windows are full of equal maxima.
        float[] x = Values.Ties(1, n * h * w * c, 5);
        OracleTensor input = OracleTensor.From(x, n, h, w, c), expected = oracle.Forward(input);
        float[] gradient = Values.Ties(2, expected.Data.Length, 100);
        double[] gradInput = oracle.Backward(input, OracleTensor.From(gradient, n, expected.Height, expected.Width, c)).Data;
        foreach (SimdTier tier in TestedTiers.All)
        {
            Kernel pool = KernelSet.Of(tier).MaxPool(Windows(window, n, h, w, c, expected));
            (float[] output, float[] back) = KernelRunner.Run(pool, x, gradient, 2);
            Compare.Equal($"max pool {tier}", expected.Data, output);
            Compare.Equal($"max pool {tier} gradient", gradInput, back);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void MaxPoolingAfterReluMasksTheGradientAsReluDoes(int n, int h, int w, int c, int size, int stride, int padding, bool ceiling)
    {
        OracleWindow window = OracleWindow.Square(size, stride, padding, ceiling);
        // The first channel is 0 everywhere: windows without a positive value.
        float[] x = [.. Values.Ties(12, n * h * w * c, 5).Select((value, i) => c > 1 && i % c == 0 ? 0 : Math.Max(0, value))];
        OracleTensor expected = new OracleMaxPool(window).Forward(OracleTensor.From(x, n, h, w, c));
        float[] gradient = Values.Ties(13, expected.Data.Length, 100);
        foreach (SimdTier tier in TestedTiers.All)
        {
            PoolWindows windows = Windows(window, n, h, w, c, expected);
            (float[] output, float[] back) = KernelRunner.Run(KernelSet.Of(tier).MaxPool(windows), x, gradient, 2);
            float[] masked = [.. back.Select((value, i) => x[i] > 0 ? value : 0)];
            (float[] outputAfterRelu, float[] backThroughRelu) = KernelRunner.Run(KernelSet.Of(tier).MaxPool(windows, relu: true), x, gradient, 2);
            Compare.SameBits($"max pool after ReLU {tier}", output, outputAfterRelu);
            Compare.SameBits($"max pool after ReLU {tier} gradient", masked, backThroughRelu);
            (float[] alone, _) = KernelRunner.Run(KernelSet.Of(tier).MaxPool(windows, backward: false), x, gradient, 2, forwardOnly: true);
            Compare.SameBits($"max pool without backward {tier}", output, alone);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AveragePoolingAgreesWithTheOracle(int n, int h, int w, int c, int size, int stride, int padding, bool ceiling)
    {
        OracleWindow window = OracleWindow.Square(size, stride, padding, ceiling);
        float[] x = Values.Normal(3, n * h * w * c);
        foreach (bool countPadding in new[] { false, true })
        {
            var oracle = new OracleAveragePool(window, countPadding);
            OracleTensor input = OracleTensor.From(x, n, h, w, c), expected = oracle.Forward(input);
            float[] gradient = Values.Normal(4, expected.Data.Length);
            double[] gradInput = oracle.Backward(input, OracleTensor.From(gradient, n, expected.Height, expected.Width, c)).Data;
            foreach (SimdTier tier in TestedTiers.All)
            {
                Kernel pool = KernelSet.Of(tier).AvgPool(Windows(window, n, h, w, c, expected, countPadding));
                (float[] output, float[] back) = KernelRunner.Run(pool, x, gradient, 2);
                Compare.Close($"average pool {tier}", expected.Data, output, Tolerances.Elementwise);
                Compare.Close($"average pool {tier} gradient", gradInput, back, Tolerances.Elementwise);
            }
        }
    }

    [Theory]
    [InlineData(7, 9, 3, 2)]
    [InlineData(4, 4, 6, 6)]
    [InlineData(5, 5, 1, 1)]
    [InlineData(6, 6, 6, 6)]
    public void AdaptiveAveragePoolingAgreesWithTheOracle(int h, int w, int oh, int ow)
    {
        const int n = 2, c = 19;
        float[] x = Values.Normal(5, n * h * w * c), gradient = Values.Normal(6, n * oh * ow * c);
        var oracle = new OracleAdaptiveAveragePool(oh, ow);
        OracleTensor input = OracleTensor.From(x, n, h, w, c);
        double[] expected = oracle.Forward(input).Data;
        double[] gradInput = oracle.Backward(input, OracleTensor.From(gradient, n, oh, ow, c)).Data;
        foreach (SimdTier tier in TestedTiers.All)
        {
            (float[] output, float[] back) = KernelRunner.Run(KernelSet.Of(tier).AvgPool(PoolWindows.Adaptive(n, h, w, c, oh, ow)), x, gradient, 2);
            Compare.Close($"adaptive {tier}", expected, output, Tolerances.Elementwise);
            Compare.Close($"adaptive {tier} gradient", gradInput, back, Tolerances.Elementwise);
        }
    }

    [Fact]
    public void TheLastRowAndColumnMayBeUnread()
    {
        // 56 rows under windows of 3 at stride 2: row and column 55 belong to no window, and their gradient is zero.
        const int n = 1, h = 56, c = 16;
        PoolWindows windows = PoolWindows.Sliding(n, h, h, c, new PoolAxis(27, 3, 2), new PoolAxis(27, 3, 2));
        float[] x = Values.Normal(7, n * h * h * c), gradient = Values.Ties(8, 27 * 27 * c, 10);
        for (int i = 0; i < h * c; i++)
            x[55 * h * c + i] = float.NaN;
        (float[] output, float[] back) = KernelRunner.Run(KernelSet.Best.MaxPool(windows), x, gradient, 1);
        Assert.All(output, v => Assert.True(float.IsFinite(v)));
        Compare.Zero("gradient of the last row", back.AsSpan(55 * h * c));
        Assert.Equal(gradient.Sum(v => (double)v), back.Sum(v => (double)v));
    }

    [Fact]
    public void NotANumberWinsWhereverItStandsAndTakesNoGradient()
    {
        PoolWindows windows = PoolWindows.Sliding(1, 3, 3, 17, new PoolAxis(1, 3, 1), new PoolAxis(1, 3, 1));
        foreach (SimdTier tier in TestedTiers.All)
            for (int position = 0; position < 9; position++)
            {
                float[] x = Values.Normal(9, 9 * 17);
                x[position * 17 + 4] = float.NaN;
                x[position * 17 + 16] = float.NaN;
                (float[] output, float[] back) = KernelRunner.Run(KernelSet.Of(tier).MaxPool(windows), x, [.. Enumerable.Repeat(1f, 17)], 1);
                for (int c = 0; c < 17; c++)
                    Assert.Equal(c is 4 or 16, float.IsNaN(output[c]));
                Assert.Equal(15, back.Sum());
            }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public void AnyNumberOfThreadsGivesTheSameBits(int n)
    {
        const int h = 9, c = 150;
        PoolWindows windows = PoolWindows.Sliding(n, h, h, c, new PoolAxis(4, 3, 2), new PoolAxis(4, 3, 2));
        float[] x = Values.Normal(10, n * h * h * c), gradient = Values.Normal(11, n * 16 * c);
        foreach (Func<Kernel> make in new Func<Kernel>[] { () => KernelSet.Best.MaxPool(windows), () => KernelSet.Best.AvgPool(windows) })
        {
            (float[] output, float[] back) = KernelRunner.Run(make(), x, gradient, 1);
            foreach (int threads in Values.ThreadCounts)
            {
                (float[] otherOutput, float[] otherBack) = KernelRunner.Run(make(), x, gradient, threads);
                Compare.SameBits("output", output, otherOutput);
                Compare.SameBits("gradient", back, otherBack);
            }
        }
    }

    [Fact]
    public void AWindowOutsideTheInputIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => PoolWindows.Sliding(1, 4, 4, 1, new PoolAxis(2, 2, 4), new PoolAxis(1, 2, 2)));
        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
    }

    private static PoolWindows Windows(OracleWindow window, int n, int h, int w, int c, OracleTensor output, bool countPadding = false) =>
        PoolWindows.Sliding(
            n, h, w, c,
            new PoolAxis(output.Height, window.Height, window.StrideHeight, window.Top, window.Bottom, countPadding),
            new PoolAxis(output.Width, window.Width, window.StrideWidth, window.Left, window.Right, countPadding));
}
