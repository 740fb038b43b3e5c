using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>Direct convolution without packing beyond what every algorithm has to show: each vector type, geometries that it would refuse because they do not pay.</summary>
public class ConvDirectTests
{
    [Theory, MemberData(nameof(TestedTiers.Names), MemberType = typeof(TestedTiers))]
    public void EveryVectorTypeAgreesWithTheOracle(string tier)
    {
        foreach (ConvCase c in (ConvCase[])
            [
                ConvCase.Square(2, 35, 3, 19, 11, stride: 4, before: 3, after: 4),
                // More bands than parts of the weight gradient, and panels whose last channels do not exist.
                ConvCase.Square(37, 8, 3, 40, 5, before: 2, after: 2),
                ConvCase.Square(1, 17, 33, 9, 3, before: 1, after: 1),
                new ConvCase(3, 7, 17, 6, new OracleConvolution(3, 5, 10, 2, 1, Top: 1, Bottom: 0, Left: 2, Right: 3)),
            ])
            Check(c, Enum.Parse<SimdTier>(tier), relu: true, seed: 61);
    }

    [Fact]
    public void EveryWidthAgreesWithTheOracle()
    {
        for (int width = 1; width <= 33; width++)
            foreach (int stride in (int[])[1, 2])
                Check(
                    new ConvCase(2, 5, width, 2, new OracleConvolution(3, 3, 5, 1, stride, Top: 1, Bottom: 1, Left: 1, Right: 1)),
                    SimdTiers.Best, relu: false, seed: width);
    }

    [Fact]
    public void EveryRunOfTheKernelAgreesWithTheOracle()
    {
        for (int channels = 1; channels <= 30; channels++)
            Check(ConvCase.Square(1, 6, channels, 17, 1), SimdTiers.Best, relu: false, seed: channels);
    }

    [Fact]
    public void RowsLongerThanABlockAgreeWithTheOracle() =>
        Check(new ConvCase(1, 4, 700, 3, new OracleConvolution(5, 7, 8, 1, 1, Top: 2, Bottom: 2, Left: 3, Right: 3)), SimdTiers.Best, relu: true, seed: 71);

    [Fact]
    public void TheFirstLayersOfSmallImagesTakeIt()
    {
        var request = new ConvRequest(Relu: true, WeightGradient: true, InputGradient: false, Precise: false);
        foreach (int channels in (int[])[1, 3])
            Assert.Equal("direct", ConvAlgorithms.Candidates(ConvCase.Square(128, 32, channels, 32, 5, before: 2, after: 2).Geometry, request)[^1].Name);
    }

    [Fact]
    public void RefusesWithTheReason()
    {
        Assert.Contains("2 groups", Refusal(ConvCase.Square(2, 9, 4, 6, 3, groups: 2)));
        Assert.Contains("5×5×33 = 825 weights", Refusal(ConvCase.Square(2, 9, 33, 32, 5)));
        Assert.Contains("3 output pixels", Refusal(ConvCase.Square(2, 5, 3, 32, 3)));
        Assert.Contains("11 padded rows of 6030 floats", Refusal(new ConvCase(1, 11, 2010, 3, new OracleConvolution(11, 11, 8))));
        Assert.Throws<ArgumentException>(
            () => KernelSet.Best.ConvDirect(ConvCase.Square(2, 9, 4, 6, 3, groups: 2).Geometry, ConvRunner.Request()));

        static string Refusal(ConvCase c)
        {
            ConvCandidate candidate = ConvDirect.Candidate(c.Geometry, ConvRunner.Request());
            Assert.Null(candidate.Kernel);
            return candidate.Reason;
        }
    }

    private static void Check(ConvCase c, SimdTier tier, bool relu, int seed)
    {
        ConvKernel algorithm = KernelSet.Of(tier).ConvDirect(c.Geometry, ConvRunner.Request(relu));
        ConvData data = ConvData.Random(c.Geometry, seed);
        ConvResult result = ConvRunner.Run(algorithm, data);
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, relu ? result.Output : null);
        Close(Direction.Forward, output.Data, result.Output);
        Close(Direction.BackwardInput, gradInput.Data, result.GradInput);
        Close(Direction.BackwardWeight, gradWeight, result.GradWeight);
        Close(Direction.BackwardBias, gradBias, result.GradBias);

        void Close(Direction direction, double[] expected, float[] actual) => Compare.Close(
            $"{direction} of {c}, {tier}", expected, actual, Tolerances.Convolution(algorithm.Name, direction, c.ReductionLength(direction)));
    }
}
