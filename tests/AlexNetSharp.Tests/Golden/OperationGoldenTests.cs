using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Golden;

/// <summary>Every operation of the reference file, executed by a plan of a network that consists of it alone, against libtorch's values.</summary>
public class OperationGoldenTests
{
    public static TheoryData<string> ConvolutionCases => GoldenOperations.Convolutions;
    public static TheoryData<string> NormCases => GoldenOperations.Norms;
    public static TheoryData<string> MaxPoolCases => GoldenOperations.MaxPools;
    public static TheoryData<string> AveragePoolCases => GoldenOperations.AveragePools;
    public static TheoryData<string> LinearCases => GoldenOperations.Linears;

    [Theory, MemberData(nameof(ConvolutionCases))]
    public void Convolution(string name)
    {
        OracleConvolution c = GoldenOperations.Convolution(name);
        Check(name, new Conv2d("op", c.OutputChannels, c.KernelHeight, stride: c.StrideHeight, groups: c.Groups, padding: Padding.Explicit(c.Top, c.Bottom, c.Left, c.Right)));
    }

    [Theory, MemberData(nameof(NormCases))]
    public void LocalResponseNorm(string name)
    {
        OracleLocalResponseNorm norm = GoldenOperations.Norm(name);
        Check(name, new LocalResponseNorm("op", norm.Radius, (float)norm.Bias, (float)norm.Alpha, (float)norm.Beta));
    }

    [Theory, MemberData(nameof(MaxPoolCases))]
    public void MaxPool(string name) => Check(name, new MaxPool2d("op", 3, 2));

    [Theory, MemberData(nameof(AveragePoolCases))]
    public void AveragePool(string name) => Check(name, new AvgPool2d("op", 3, 2));

    [Theory, MemberData(nameof(LinearCases))]
    public void Linear(string name) => Check(name, new Linear("op", 21));

    private static void Check(string name, Layer layer)
    {
        OracleTensor x = GoldenOperations.Image($"{name}/x");
        Shape input = layer is Linear ? Shape.Vector(x.Channels) : new Shape(x.Height, x.Width, x.Channels);
        var network = new Network("one-layer", input, [layer]);
        using var parameters = new ParameterSet(network);
        foreach (Parameter p in parameters.Parameters)
            p.CopyFrom(Array.ConvertAll(GoldenOperations.Parameter($"{name}/{(p.Name == "op.weight" ? "w" : "b")}"), static v => (float)v));
        using var plan = new Plan(
            network, parameters,
            new PlanOptions
            {
                BatchSize = x.Batch,
                Gradients = parameters.Parameters.Count > 0 ? GradientScope.All : GradientScope.None,
                InputGradient = true,
            });

        x.ToFloats().CopyTo(plan.Input);
        plan.Forward();
        Close("y", GoldenOperations.Image($"{name}/y").Data, plan.Output);
        GoldenOperations.Image($"{name}/grad_y").ToFloats().CopyTo(plan.OutputGradient);
        plan.Backward();
        Close("grad_x", GoldenOperations.Image($"{name}/grad_x").Data, plan.InputGradient);
        foreach (Parameter p in parameters.Parameters)
        {
            string part = p.Name == "op.weight" ? "grad_w" : "grad_b";
            Close(part, GoldenOperations.Parameter($"{name}/{part}"), OracleFromNetwork.ReadFloats(plan.Gradients![p.Name]));
        }

        void Close(string part, double[] expected, ReadOnlySpan<float> actual) =>
            Compare.Close($"{name}/{part}", expected, actual, Tolerances.GoldenOperation);
    }
}
