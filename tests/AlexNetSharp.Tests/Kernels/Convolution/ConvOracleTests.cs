using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>Every convolution algorithm, on every geometry that it accepts, against the float64 oracle.</summary>
public class ConvOracleTests
{
    private static readonly Dictionary<string, ConvCase> s_cases = new()
    {
        ["conv1 of the notebook, narrow"] = ConvCase.Square(2, 35, 3, 16, 11, stride: 4, before: 3, after: 4),
        ["conv1 of torchvision"] = ConvCase.Square(1, 63, 3, 64, 11, stride: 4, before: 2, after: 2),
        ["conv1 of Caffe"] = ConvCase.Square(2, 67, 3, 96, 11, stride: 4),
        ["conv1 of one channel"] = ConvCase.Square(2, 31, 1, 20, 11, stride: 4, before: 4, after: 4),
        ["conv2"] = ConvCase.Square(2, 27, 33, 40, 5, before: 2, after: 2),
        ["conv2 of one image"] = ConvCase.Square(1, 27, 64, 32, 5, before: 2, after: 2),
        ["conv2 of the paper"] = ConvCase.Square(2, 27, 32, 64, 5, before: 2, after: 2, groups: 2),
        // 8×8 maps in blocks of 12 images: 11 blocks, which equal chunks of at most 8 divide into 6.
        ["conv3 of cifar10-quick, more blocks than chunks"] = ConvCase.Square(128, 8, 16, 16, 5, before: 2, after: 2),
        ["conv3"] = ConvCase.Square(3, 13, 64, 96, 3, before: 1, after: 1),
        ["conv3 of one image"] = ConvCase.Square(1, 13, 96, 64, 3, before: 1, after: 1),
        ["conv4 of the paper"] = ConvCase.Square(2, 13, 64, 96, 3, before: 1, after: 1, groups: 2),
        ["channels that no vector divides"] = ConvCase.Square(2, 13, 37, 51, 3, before: 1, after: 1),
        ["one more than a vector"] = ConvCase.Square(2, 13, 33, 65, 3, before: 1, after: 1),
        ["CIFAR's first layer"] = ConvCase.Square(3, 32, 3, 32, 5, before: 2, after: 2),
        ["CIFAR's second layer"] = ConvCase.Square(5, 16, 32, 32, 5, before: 2, after: 2),
        ["CIFAR's third layer"] = ConvCase.Square(5, 8, 32, 64, 5, before: 2, after: 2),
        ["Fashion-MNIST's first layer"] = ConvCase.Square(3, 28, 1, 32, 5, before: 2, after: 2),
        ["7×7 images"] = ConvCase.Square(4, 7, 32, 32, 3, before: 1, after: 1),
        ["6×6 images, padding only before"] = ConvCase.Square(4, 6, 32, 32, 3, before: 2),
        ["padding wider than needed"] = ConvCase.Square(2, 9, 32, 32, 3, before: 2, after: 2),
        ["no padding, 3×3"] = ConvCase.Square(2, 15, 32, 32, 3),
        ["no padding, 5×5"] = ConvCase.Square(2, 15, 32, 32, 5),
        ["1×1 kernel"] = ConvCase.Square(2, 9, 48, 33, 1),
        ["1×1 kernel, stride 2"] = ConvCase.Square(2, 9, 48, 33, 1, stride: 2),
        ["1×1 image"] = ConvCase.Square(3, 1, 32, 32, 3, before: 1, after: 1),
        ["1×1 image, 1×1 kernel, 1 channel"] = ConvCase.Square(1, 1, 1, 1, 1),
        ["2×2 image, 5×5 kernel"] = ConvCase.Square(2, 2, 16, 32, 5, before: 2, after: 2),
        ["a kernel as large as the image"] = ConvCase.Square(2, 6, 32, 64, 6),
        ["stride above the kernel"] = ConvCase.Square(2, 11, 8, 16, 2, stride: 3),
        ["stride 2"] = ConvCase.Square(2, 13, 32, 32, 3, stride: 2, before: 1, after: 1),
        ["7×7 kernel"] = ConvCase.Square(2, 13, 8, 16, 7, before: 3, after: 3),
        ["2×2 kernel"] = ConvCase.Square(2, 13, 32, 32, 2),
        ["more columns and pixels than a block"] = ConvCase.Square(2, 12, 100, 33, 3, before: 1, after: 1),
        ["two groups of channels that no panel divides"] = ConvCase.Square(3, 15, 66, 78, 3, before: 1, after: 1, groups: 2),
        ["oblong"] = new(2, 7, 17, 6, new OracleConvolution(3, 5, 10, 2, 1, Top: 1, Bottom: 0, Left: 2, Right: 3)),
        ["oblong image, square kernel"] = new(2, 9, 21, 32, new OracleConvolution(3, 3, 32, Top: 1, Bottom: 1, Left: 1, Right: 1)),
        ["three groups"] = ConvCase.Square(2, 9, 9, 15, 3, before: 1, after: 1, groups: 3),
        ["depthwise"] = ConvCase.Square(2, 9, 12, 12, 3, before: 1, after: 1, groups: 12),
    };

    public static TheoryData<string> Cases => [.. s_cases.Keys];

    [Theory, MemberData(nameof(Cases))]
    [Trait(AnyTier.Name, AnyTier.Value)]
    public void AgreesWithTheOracle(string name) => Check(s_cases[name], relu: false, bias: true);

    [Theory, MemberData(nameof(Cases))]
    public void AgreesWithTheOracleWithReLU(string name) => Check(s_cases[name], relu: true, bias: true);

    [Fact]
    public void AgreesWithTheOracleWithoutBias() => Check(s_cases["conv3"], relu: false, bias: false);

    [Theory, MemberData(nameof(Cases))]
    public void PreciseAlgorithmsAreExactOnWholeNumbers(string name)
    {
        ConvCase c = s_cases[name];
        ConvData data = ConvData.Integers(c.Geometry, seed: 6);
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, maskedBy: null);
        foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request(precise: true)))
        {
            ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
            string what = $"{candidate.Kernel!.Name}, {name}";
            Compare.Equal($"{what}: output", output.Data, result.Output);
            Compare.Equal($"{what}: gradInput", gradInput.Data, result.GradInput);
            Compare.Equal($"{what}: gradWeight", gradWeight, result.GradWeight);
            Compare.Equal($"{what}: gradBias", gradBias, result.GradBias);
        }
    }

    [Theory]
    [InlineData("conv1 of the notebook, narrow")]
    [InlineData("conv2 of the paper")]
    [InlineData("conv3")]
    [InlineData("channels that no vector divides")]
    [InlineData("1×1 kernel")]
    public void GradientsOfParametersAreAddedOnRequest(string name)
    {
        ConvCase c = s_cases[name];
        ConvData data = ConvData.Random(c.Geometry, seed: 7), before = ConvData.Random(c.Geometry, seed: 8);
        var start = new ConvResult([], [], before.Weight, before.Bias!);
        (_, _, double[] gradWeight, double[] gradBias) = c.Expected(data, maskedBy: null);
        for (int i = 0; i < gradWeight.Length; i++)
            gradWeight[i] += before.Weight[i];
        for (int i = 0; i < gradBias.Length; i++)
            gradBias[i] += before.Bias![i];
        foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request()))
        {
            ConvResult result = ConvRunner.Run(candidate.Kernel!, data, addTo: start);
            CheckOne(c, candidate, Direction.BackwardWeight, gradWeight, result.GradWeight);
            CheckOne(c, candidate, Direction.BackwardBias, gradBias, result.GradBias);
        }
    }

    [Theory]
    [InlineData("conv1 of the notebook, narrow")]
    [InlineData("conv2")]
    [InlineData("conv4 of the paper")]
    [InlineData("channels that no vector divides")]
    public void WhatIsNotRequestedIsNotNeeded(string name)
    {
        ConvCase c = s_cases[name];
        ConvData data = ConvData.Random(c.Geometry, seed: 9);
        foreach ((bool weight, bool input) in ((bool, bool)[])[(false, false), (true, false), (false, true)])
            foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, new ConvRequest(true, weight, input, Precise: false)))
            {
                ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
                (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, result.Output);
                CheckOne(c, candidate, Direction.Forward, output.Data, result.Output);
                if (weight)
                {
                    CheckOne(c, candidate, Direction.BackwardWeight, gradWeight, result.GradWeight);
                    CheckOne(c, candidate, Direction.BackwardBias, gradBias, result.GradBias);
                }
                if (input)
                    CheckOne(c, candidate, Direction.BackwardInput, gradInput.Data, result.GradInput);
            }
    }

    [Fact]
    public void EveryAlgorithmAcceptsACase()
    {
        foreach (ConvEntry entry in ConvAlgorithms.Entries)
            Assert.Contains(s_cases.Values, c => entry(c.Geometry, ConvRunner.Request()).Kernel is not null);
    }

    private static void Check(ConvCase c, bool relu, bool bias)
    {
        ConvData data = ConvData.Random(c.Geometry, seed: 5);
        if (!bias)
            data = data with { Bias = null };
        float[]? positive = null;
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = relu ? default : c.Expected(data, maskedBy: null);
        foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request(relu)))
        {
            ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
            // Which values near 0 are positive is decided by the algorithm's own output, as its contract says; nearly always it is the same for all.
            if (relu && (positive is null || !positive.Zip(result.Output).All(pair => pair.First > 0 == pair.Second > 0)))
                (output, gradInput, gradWeight, gradBias) = c.Expected(data, positive = result.Output);
            CheckOne(c, candidate, Direction.Forward, output.Data, result.Output);
            CheckOne(c, candidate, Direction.BackwardInput, gradInput.Data, result.GradInput);
            CheckOne(c, candidate, Direction.BackwardWeight, gradWeight, result.GradWeight);
            CheckOne(c, candidate, Direction.BackwardBias, gradBias, result.GradBias);
        }
    }

    private static void CheckOne(ConvCase c, ConvCandidate candidate, Direction direction, double[] expected, float[] actual) =>
        Compare.Close(
            $"{candidate.Kernel!.Name}, {direction} of {c}", expected, actual,
            Tolerances.Convolution(candidate.Name, direction, c.ReductionLength(direction)));

    [Fact]
    public unsafe void GradientsThatWereNotRequestedAreRefused()
    {
        ConvCase c = ConvCase.Square(8, 8, 16, 16, 5, before: 2, after: 2);
        float none = 0;
        nint some = (nint)(&none);
        using var pool = new WorkerPool(1);
        foreach ((bool weight, bool input) in ((bool, bool)[])[(false, true), (true, false), (true, true)])
            foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, new(Relu: false, weight, input, Precise: false)))
            {
                void Refuses(nint gradWeight, nint gradBias, nint gradInput) => Assert.Throws<ArgumentException>(() => candidate.Kernel!.Bind(
                    pool, new Operands { GradWeight = (float*)gradWeight, GradBias = (float*)gradBias, GradInput = (float*)gradInput }));
                Refuses(0, some, 0);
                if (!weight)
                    Refuses(some, 0, 0);
                if (!input)
                    Refuses(0, 0, some);
            }
    }
}
