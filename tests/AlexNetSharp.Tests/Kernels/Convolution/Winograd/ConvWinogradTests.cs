using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Convolution.Winograd;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Kernels.Convolution.Winograd;

/// <summary>Winograd convolution beyond what every algorithm has to show: each vector type, whole numbers, geometries that it would refuse because they do not pay.</summary>
public class ConvWinogradTests
{
    [Theory, MemberData(nameof(TestedTiers.Names), MemberType = typeof(TestedTiers))]
    public void EveryVectorTypeAgreesWithTheOracle(string tier)
    {
        foreach (ConvCase c in (ConvCase[])
            [
                ConvCase.Square(2, 13, 33, 48, 3, before: 1, after: 1),
                ConvCase.Square(1, 27, 17, 35, 5, before: 2, after: 2),
                ConvCase.Square(2, 35, 3, 19, 11, stride: 4, before: 3, after: 4),
                ConvCase.Square(2, 9, 12, 20, 3, before: 1, after: 1, groups: 2),
                // Batches large enough for backward in parts.
                ConvCase.Square(17, 7, 6, 20, 3, before: 1, after: 1, groups: 2),
                ConvCase.Square(9, 6, 17, 5, 5, before: 2, after: 2),
            ])
            Check(c, Enum.Parse<SimdTier>(tier), seed: 31);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void EverySizeAgreesWithTheOracle(int kernel)
    {
        for (int size = 1; size <= 20; size++)
            Check(ConvCase.Square(1 + size % 2, size, 1 + size % 5, 3 + size % 3, kernel, before: kernel / 2, after: kernel / 2), SimdTiers.Best, size);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 33)]
    [InlineData(17, 17)]
    [InlineData(96, 4)]
    public void EveryCountOfChannelsAgreesWithTheOracle(int inputs, int outputs) =>
        Check(ConvCase.Square(2, 7, inputs, outputs, 3, before: 1, after: 1), SimdTiers.Best, inputs);

    [Fact]
    public void PartsOfImagesAgreeWithTheOracle()
    {
        // Without the gradient of the input, large images are cut into blocks of tile rows; some of them have no large tiles.
        ConvCase c = ConvCase.Square(5, 103, 1, 2, 3, before: 1, after: 1);
        ConvRequest request = new(Relu: true, WeightGradient: true, InputGradient: false, Precise: false);
        var sizes = new WinogradSizes(c.Geometry, request);
        Assert.True(sizes.FusedBackward!.TileRows.Count > 1);
        ConvData data = ConvData.Random(c.Geometry, seed: 81);
        ConvKernel algorithm = KernelSet.Best.ConvWinograd(c.Geometry, request);
        ConvResult result = ConvRunner.Run(algorithm, data);
        (_, _, double[] gradWeight, double[] gradBias) = c.Expected(data, result.Output);
        double bound = Tolerances.Convolution(algorithm.Name, Direction.BackwardWeight, c.ReductionLength(Direction.BackwardWeight));
        Compare.Close("gradWeight", gradWeight, result.GradWeight, bound);
        Compare.Close("gradBias", gradBias, result.GradBias, Tolerances.Convolution(algorithm.Name, Direction.BackwardBias, c.ReductionLength(Direction.BackwardBias)));
    }

    [Fact]
    public void ImagesThatAreTooLargeForAThreadsCacheAreStaged()
    {
        // conv1 and conv2 of the notebook go block by block.
        foreach (ConvCase layer in (ConvCase[])[ConvCase.Square(32, 224, 3, 64, 11, 4, 3, 4), ConvCase.Square(32, 27, 64, 192, 5, before: 2, after: 2)])
            Assert.NotNull(new WinogradSizes(layer.Geometry, new(Relu: true, WeightGradient: true, InputGradient: layer.Channels > 3, Precise: false)).FusedBackward);

        ConvGeometry large = ConvCase.Square(8, 512, 64, 64, 3, before: 1, after: 1).Geometry;
        Assert.Null(new WinogradSizes(large, ConvRunner.Request()).FusedBackward);
        ConvKernel algorithm = KernelSet.Best.ConvWinograd(large, ConvRunner.Request());
        Assert.InRange(algorithm.ScratchLength(8) - algorithm.ScratchLength(7), 1, 4 << 20);
    }

    [Fact]
    public void StridesThatDoNotPayAreRightToo()
    {
        Check(ConvCase.Square(2, 14, 5, 7, 7, stride: 2, before: 3, after: 3), SimdTiers.Best, 41);
        Check(ConvCase.Square(2, 15, 6, 8, 3, stride: 2, before: 1, after: 1, groups: 2), SimdTiers.Best, 42);
        Check(ConvCase.Square(1, 17, 3, 8, 2, stride: 3), SimdTiers.Best, 43);
        Check(new ConvCase(2, 9, 14, 6, new OracleConvolution(3, 5, 10, 1, 2, Top: 1, Bottom: 0, Left: 2, Right: 3)), SimdTiers.Best, 44);
    }

    [Theory, MemberData(nameof(TestedTiers.Names), MemberType = typeof(TestedTiers))]
    public void TheSmallestTileIsExactOnWholeNumbers(string tier)
    {
        // F(2×2, 3×3) divides by 2 and 4 only, and sums stay below 2²².
        ConvCase c = ConvCase.Square(5, 2, 19, 21, 3, before: 1, after: 1);
        ConvData data = ConvData.Integers(c.Geometry, seed: 51);
        ConvKernel algorithm = KernelSet.Of(Enum.Parse<SimdTier>(tier)).ConvWinograd(c.Geometry, ConvRunner.Request());
        Assert.Equal("winograd F(2×2, 3×3)", algorithm.Name);
        ConvResult result = ConvRunner.Run(algorithm, data);
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, maskedBy: null);
        Compare.Equal("output", output.Data, result.Output);
        Compare.Equal("gradInput", gradInput.Data, result.GradInput);
        Compare.Equal("gradWeight", gradWeight, result.GradWeight);
        Compare.Equal("gradBias", gradBias, result.GradBias);
    }

    [Theory]
    [InlineData(11, 27, 32, 32, 5, 2)]
    [InlineData(33, 13, 64, 32, 3, 1)]
    public void AnyNumberOfThreadsGivesTheSameBits(int batch, int size, int inputs, int outputs, int kernel, int padding)
    {
        ConvCase c = ConvCase.Square(batch, size, inputs, outputs, kernel, before: padding, after: padding);
        ConvData data = ConvData.Random(c.Geometry, seed: 61);
        ConvResult Run(int threads) => ConvRunner.Run(KernelSet.Best.ConvWinograd(c.Geometry, ConvRunner.Request(relu: true)), data, threads);
        ConvResult one = Run(1);
        foreach (int threads in (int[])[2, 3, 8])
        {
            ConvResult many = Run(threads);
            Compare.SameBits("output", one.Output, many.Output);
            Compare.SameBits("gradInput", one.GradInput, many.GradInput);
            Compare.SameBits("gradWeight", one.GradWeight, many.GradWeight);
            Compare.SameBits("gradBias", one.GradBias, many.GradBias);
        }
    }

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void RefusalsSayWhy()
    {
        string Reason(ConvCase c, bool precise = false)
        {
            ConvCandidate candidate = ConvWinograd.Candidate(c.Geometry, ConvRunner.Request(precise: precise));
            Assert.Null(candidate.Kernel);
            return candidate.Reason;
        }
        ConvCase conv3 = ConvCase.Square(2, 13, 64, 96, 3, before: 1, after: 1);
        Assert.NotNull(ConvWinograd.Candidate(conv3.Geometry, ConvRunner.Request()).Kernel);
        Assert.Contains("rounding error", Reason(conv3, precise: true), StringComparison.Ordinal);
        Assert.Contains("kernel of 7×7", Reason(ConvCase.Square(2, 13, 32, 32, 7, before: 3, after: 3)), StringComparison.Ordinal);
        Assert.Contains("too few", Reason(ConvCase.Square(2, 13, 3, 32, 3, before: 1, after: 1)), StringComparison.Ordinal);
        Assert.Contains("too little to pay", Reason(ConvCase.Square(2, 13, 32, 32, 3, stride: 2, before: 1, after: 1)), StringComparison.Ordinal);
    }

    /// <summary>The error of each layer of AlexNet with its real number of channels: the table of docs/winograd.md. Run with -diagnostics to see the numbers.</summary>
    [Trait(AnyTier.Name, AnyTier.Value)]
    [Theory]
    [InlineData("conv1", 227, 3, 64, 11, 4, 0)]
    [InlineData("conv2", 27, 64, 192, 5, 1, 2)]
    [InlineData("conv3", 13, 192, 384, 3, 1, 1)]
    [InlineData("conv4", 13, 384, 256, 3, 1, 1)]
    [InlineData("conv5", 13, 256, 256, 3, 1, 1)]
    public void ErrorsOfAlexNetsLayers(string layer, int size, int inputs, int outputs, int kernel, int stride, int padding)
    {
        ConvCase c = ConvCase.Square(1, size, inputs, outputs, kernel, stride, padding, padding);
        (double output, double gradInput, double gradWeight) = Check(c, SimdTiers.Best, seed: 71);
        TestContext.Current.SendDiagnosticMessage("{0} forward {1:0.0E0} data {2:0.0E0} weights {3:0.0E0}", layer, output, gradInput, gradWeight);
    }

    private static (double Output, double GradInput, double GradWeight) Check(ConvCase c, SimdTier tier, int seed)
    {
        ConvData data = ConvData.Random(c.Geometry, seed);
        ConvKernel algorithm = KernelSet.Of(tier).ConvWinograd(c.Geometry, ConvRunner.Request(relu: true));
        ConvResult result = ConvRunner.Run(algorithm, data);
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, result.Output);
        double Close(Direction direction, double[] expected, float[] actual) => Compare.Close(
            $"{algorithm.Name} on {tier}, {direction} of {c}", expected, actual,
            Tolerances.Convolution(algorithm.Name, direction, c.ReductionLength(direction)));
        Close(Direction.BackwardBias, gradBias, result.GradBias);
        return (
            Close(Direction.Forward, output.Data, result.Output), Close(Direction.BackwardInput, gradInput.Data, result.GradInput),
            Close(Direction.BackwardWeight, gradWeight, result.GradWeight));
    }
}
