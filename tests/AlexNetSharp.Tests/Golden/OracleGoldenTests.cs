using AlexNetSharp.Models;
using AlexNetSharp.Tests.Oracles;
using static AlexNetSharp.Tests.Golden.GoldenOperations;

namespace AlexNetSharp.Tests.Golden;

/// <summary>The oracle against libtorch's values: two independent float64 implementations agree to the rounding of stored values.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public class OracleGoldenTests
{
    public static TheoryData<string> ConvolutionCases => Convolutions;
    public static TheoryData<string> NormCases => Norms;
    public static TheoryData<string> MaxPoolCases => MaxPools;
    public static TheoryData<string> AveragePoolCases => AveragePools;
    public static TheoryData<string> LinearCases => Linears;

    [Fact]
    public void NoCaseIsLeftOut() =>
        Assert.Equal(
            Reference.Names.Select(n => n[..n.LastIndexOf('/')]).Distinct().Count(),
            Convolutions.Count + Norms.Count + MaxPools.Count + AveragePools.Count + Linears.Count);

    [Theory, MemberData(nameof(ConvolutionCases))]
    public void Convolution(string name)
    {
        OracleConvolution convolution = GoldenOperations.Convolution(name);
        OracleTensor x = Image($"{name}/x"), gradY = Image($"{name}/grad_y");
        double[] w = Parameter($"{name}/w"), b = Parameter($"{name}/b");
        Same("y", Image($"{name}/y").Data, convolution.Forward(x, w, b).Data);
        Same("grad_x", Image($"{name}/grad_x").Data, convolution.BackwardInput(x, w, gradY).Data);
        Same("grad_w", Parameter($"{name}/grad_w"), convolution.BackwardWeight(x, gradY));
        Same("grad_b", Parameter($"{name}/grad_b"), OracleConvolution.BackwardBias(gradY));
    }

    [Theory, MemberData(nameof(NormCases))]
    public void LocalResponseNorm(string name)
    {
        OracleLocalResponseNorm norm = Norm(name);
        CheckFunction(name, new OracleFunction(norm.Forward, norm.Backward));
    }

    [Theory, MemberData(nameof(MaxPoolCases))]
    public void MaxPool(string name) => CheckFunction(name, OracleFunction.MaxPool(Window));

    [Theory, MemberData(nameof(AveragePoolCases))]
    public void AveragePool(string name) => CheckFunction(name, OracleFunction.AveragePool(Window, countPadding: false));

    [Theory, MemberData(nameof(LinearCases))]
    public void Linear(string name)
    {
        OracleTensor x = Image($"{name}/x"), gradY = Image($"{name}/grad_y");
        double[] w = Parameter($"{name}/w");
        Same("y", Image($"{name}/y").Data, OracleLinear.Forward(x, w, Parameter($"{name}/b")).Data);
        Same("grad_x", Image($"{name}/grad_x").Data, OracleLinear.BackwardInput(x, w, gradY).Data);
        Same("grad_w", Parameter($"{name}/grad_w"), OracleLinear.BackwardWeight(x, gradY));
        Same("grad_b", Parameter($"{name}/grad_b"), OracleConvolution.BackwardBias(gradY));
    }

    [Fact]
    public void TinyAlexNet()
    {
        var tiny = new GoldenTinyAlexNet();
        OracleNetwork network = tiny.Oracle();
        OracleTensor logits = network.Forward(tiny.Images);
        Near("logits", tiny.Values("logits"), logits.Data);
        (double crossEntropy, OracleTensor gradient) = OracleLoss.CrossEntropy(logits, tiny.Labels);
        Near("cross_entropy", tiny.Values("cross_entropy"), [crossEntropy]);
        CheckGradients("grad_ce", tiny, network, network.Backward(gradient));

        OracleTensor output = OracleReLU.Forward(logits);
        Near("fc8_relu", tiny.Values("fc8_relu"), output.Data);
        (double l2, gradient) = OracleLoss.L2(output);
        Near("l2_loss", tiny.Values("l2_loss"), [l2]);
        CheckGradients("grad_l2", tiny, network, network.Backward(OracleReLU.Backward(logits, gradient)));
    }

    [Fact]
    public void TinyAlexNetTrainedForFiveSteps()
    {
        var tiny = new GoldenTinyAlexNet();
        OracleNetwork network = tiny.Oracle();
        Dictionary<string, double[]> velocity = network.Parameters.ToDictionary(p => p.Name, p => new double[p.Value.Length]);
        for (int step = 0; step < 5; step++)
        {
            (double loss, OracleTensor gradient) = OracleLoss.CrossEntropy(network.Forward(tiny.Images), tiny.Labels);
            Near($"loss {step}", tiny.Values($"sgd/loss{step}"), [loss]);
            network.Backward(gradient);
            foreach (OracleParameter p in network.Parameters)
                for (int i = 0; i < p.Value.Length; i++)
                {
                    double v = 0.9 * velocity[p.Name][i] + (p.Gradient[i] + 0.0005 * p.Value[i]);
                    velocity[p.Name][i] = v;
                    p.Value[i] -= 0.01 * v;
                }
        }
        foreach (OracleParameter p in network.Parameters)
            Near(p.Name, tiny.Parameter("sgd", p.Name), p.Value);
    }

    private static void CheckGradients(string prefix, GoldenTinyAlexNet tiny, OracleNetwork network, OracleTensor gradX)
    {
        Near($"{prefix}/x", tiny.ImageGradient(prefix), gradX.Data);
        foreach (OracleParameter p in network.Parameters)
            Near($"{prefix}/{p.Name}", tiny.Parameter(prefix, p.Name), p.Gradient);
    }

    private static void CheckFunction(string name, OracleLayer layer)
    {
        Same("y", Image($"{name}/y").Data, layer.Forward(Image($"{name}/x")).Data);
        Same("grad_x", Image($"{name}/grad_x").Data, layer.Backward(Image($"{name}/grad_y")).Data);
    }

    private static void Same(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual) =>
        Compare.Close(what, expected, actual, Tolerances.GoldenOracle);

    private static void Near(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual) =>
        Compare.Close(what, expected, actual, Tolerances.GoldenOracleNetwork);
}
