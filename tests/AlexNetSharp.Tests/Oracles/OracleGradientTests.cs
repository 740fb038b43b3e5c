namespace AlexNetSharp.Tests.Oracles;

/// <summary>The oracle's backward formulas against central differences of its forward ones, all in float64.</summary>
public class OracleGradientTests
{
    private readonly System.Random _random = new(20);

    [Theory]
    [InlineData(3, 3, 1, 1, 1, 1, 1, 1, 1)]
    [InlineData(3, 2, 2, 1, 0, 1, 1, 0, 1)]
    [InlineData(1, 1, 3, 2, 0, 0, 0, 0, 2)]
    [InlineData(5, 3, 1, 2, 2, 2, 1, 1, 2)]
    [InlineData(2, 2, 3, 3, 2, 1, 0, 2, 1)]
    public void Convolution(int kh, int kw, int sh, int sw, int top, int bottom, int left, int right, int groups)
    {
        var convolution = new OracleConvolution(kh, kw, 6, sh, sw, top, bottom, left, right, groups);
        OracleTensor x = Tensor(2, 6, 5, 4);
        double[] w = Values(kh * kw * (4 / groups) * 6), b = Values(6);
        OracleTensor g = Like(convolution.Forward(x, w, b));
        double Loss() => Dot(convolution.Forward(x, w, b), g);
        CentralDifferences.Check("input", Loss, x.Data, convolution.BackwardInput(x, w, g).Data);
        CentralDifferences.Check("weight", Loss, w, convolution.BackwardWeight(x, g));
        CentralDifferences.Check("bias", Loss, b, OracleConvolution.BackwardBias(g));
    }

    [Theory]
    [InlineData(4, 1.0, 0.001 / 9, 0.75)]
    [InlineData(2, 2.0, 1.0, 0.75)]
    [InlineData(0, 1.0, 0.5, 0.5)]
    [InlineData(20, 1.0, 0.1, 1.0)]
    public void LocalResponseNorm(int radius, double bias, double alpha, double beta) =>
        CheckFunction(OracleFunction.LocalResponseNorm(radius, bias, alpha, beta), Tensor(2, 2, 3, 7));

    [Theory]
    [InlineData(3, 0.00005, 0.75)]
    [InlineData(5, 2.0, 0.5)]
    [InlineData(1, 1.0, 0.75)]
    public void WithinChannelNorm(int size, double alpha, double beta) =>
        CheckFunction(OracleFunction.WithinChannelNorm(size, alpha, beta), Tensor(2, 4, 5, 3));

    public static TheoryData<string> Windows => [.. s_windows.Keys];

    private static readonly Dictionary<string, OracleWindow> s_windows = new()
    {
        ["3/2"] = OracleWindow.Square(3, 2),
        ["3/2 ceiling"] = OracleWindow.Square(3, 2, ceiling: true),
        ["3/2 pad 1"] = OracleWindow.Square(3, 2, padding: 1),
        ["3/2 pad 1 ceiling"] = OracleWindow.Square(3, 2, padding: 1, ceiling: true),
        ["1/3"] = OracleWindow.Square(1, 3),
        ["2×3/1×2 uneven padding"] = new OracleWindow(2, 3, 1, 2, Top: 0, Bottom: 1, Left: 1, Right: 0),
    };

    [Theory, MemberData(nameof(Windows))]
    public void MaxPool(string window) => CheckFunction(OracleFunction.MaxPool(s_windows[window]), Tensor(2, 6, 7, 3));

    [Theory, MemberData(nameof(Windows))]
    public void AveragePool(string window)
    {
        CheckFunction(OracleFunction.AveragePool(s_windows[window], countPadding: false), Tensor(2, 6, 7, 3));
        CheckFunction(OracleFunction.AveragePool(s_windows[window], countPadding: true), Tensor(2, 6, 7, 3));
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(1, 1)]
    [InlineData(3, 9)]
    public void AdaptiveAveragePool(int height, int width) =>
        CheckFunction(OracleFunction.AdaptiveAveragePool(height, width), Tensor(2, 7, 4, 3));

    [Fact]
    public void ReLU() => CheckFunction(OracleFunction.ReLU(), Tensor(2, 3, 3, 5));

    [Fact]
    public void Dropout() =>
        CheckFunction(OracleFunction.Dropout([.. Enumerable.Range(0, 60).Select(i => i % 3 != 0)], 0.5), Tensor(2, 2, 3, 5));

    [Fact]
    public void Linear()
    {
        OracleTensor x = Tensor(3, 1, 1, 7);
        double[] w = Values(7 * 5), b = Values(5);
        OracleTensor g = Like(OracleLinear.Forward(x, w, b));
        double Loss() => Dot(OracleLinear.Forward(x, w, b), g);
        CentralDifferences.Check("input", Loss, x.Data, OracleLinear.BackwardInput(x, w, g).Data);
        CentralDifferences.Check("weight", Loss, w, OracleLinear.BackwardWeight(x, g));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    public void CrossEntropy(double smoothing)
    {
        OracleTensor t = Tensor(3, 1, 1, 6);
        int[] labels = [5, 0, 2];
        CentralDifferences.Check(
            "logits", () => OracleLoss.CrossEntropy(t, labels, smoothing).Loss, t.Data, OracleLoss.CrossEntropy(t, labels, smoothing).Gradient.Data);
    }

    [Fact]
    public void L2()
    {
        OracleTensor t = Tensor(3, 1, 1, 6);
        CentralDifferences.Check("output", () => OracleLoss.L2(t).Loss, t.Data, OracleLoss.L2(t).Gradient.Data);
    }

    [Fact]
    public void ANetworkOfAllKindsOfLayers()
    {
        var network = new OracleNetwork(
            new OracleConvolutionLayer("conv1", new OracleConvolution(3, 3, 6, 2, 2, 1, 1, 1, 1), 3), OracleFunction.ReLU(),
            OracleFunction.LocalResponseNorm(2, 1, 0.3, 0.75), OracleFunction.MaxPool(OracleWindow.Square(3, 2, ceiling: true)),
            new OracleConvolutionLayer("conv2", new OracleConvolution(3, 3, 8, Top: 1, Bottom: 1, Left: 1, Right: 1, Groups: 2), 6),
            OracleFunction.ReLU(), OracleFunction.WithinChannelNorm(3, 0.5, 0.75), OracleFunction.AveragePool(OracleWindow.Square(2, 1), false),
            OracleFunction.AdaptiveAveragePool(2, 2), OracleFunction.Flatten(),
            OracleFunction.Dropout([.. Enumerable.Range(0, 64).Select(i => i % 5 != 0)], 0.8), new OracleLinearLayer("fc", 32, 5));
        foreach (OracleParameter p in network.Parameters)
            Values(p.Value.Length).CopyTo(p.Value, 0);
        OracleTensor x = Tensor(2, 13, 13, 3);
        int[] labels = [4, 1];
        OracleTensor gradX = network.Backward(OracleLoss.CrossEntropy(network.Forward(x), labels).Gradient);
        double Loss() => OracleLoss.CrossEntropy(network.Forward(x), labels).Loss;
        CentralDifferences.Check("input", Loss, x.Data, gradX.Data);
        foreach (OracleParameter p in network.Parameters)
            CentralDifferences.Check(p.Name, Loss, p.Value, p.Gradient);
    }

    [Fact]
    public void TheCheckFindsAWrongGradient()
    {
        double[] v = [1, 2, 3];
        double Loss() => v.Sum(x => x * x) / 2;
        CentralDifferences.Check("right", Loss, v, [1, 2, 3]);
        Assert.ThrowsAny<Exception>(() => CentralDifferences.Check("wrong", Loss, v, [1, 2, 3.00001]));
        Assert.ThrowsAny<Exception>(() => CentralDifferences.Check("zero", Loss, v, [0, 0, 0]));
        double[] kinks = [0, 0, 0, 0];
        Assert.ThrowsAny<Exception>(() => CentralDifferences.Check("only kinks", () => kinks.Sum(Math.Abs), kinks, [1, 1, 1, 1]));
    }

    private void CheckFunction(OracleLayer layer, OracleTensor x)
    {
        OracleTensor g = Like(layer.Forward(x));
        OracleTensor gradX = layer.Backward(g);
        CentralDifferences.Check("input", () => Dot(layer.Forward(x), g), x.Data, gradX.Data);
    }

    private OracleTensor Tensor(int n, int h, int w, int c) => Like(new OracleTensor(n, h, w, c));

    private OracleTensor Like(OracleTensor shape)
    {
        OracleTensor t = shape.ZerosLike();
        Values(t.Data.Length).CopyTo(t.Data, 0);
        return t;
    }

    private double[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.NextDouble() * 2 - 1)];

    private static double Dot(OracleTensor a, OracleTensor b) => a.Data.Zip(b.Data, (p, q) => p * q).Sum();
}
