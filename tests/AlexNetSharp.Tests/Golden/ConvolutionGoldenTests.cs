using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Models;
using AlexNetSharp.Tests.Kernels.Convolution;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Golden;

/// <summary>Every convolution algorithm against libtorch's values.</summary>
public class ConvolutionGoldenTests
{
    public static TheoryData<string> Cases => GoldenOperations.Convolutions;

    [Theory, MemberData(nameof(Cases))]
    public void AgreesWithLibtorch(string name)
    {
        OracleTensor x = GoldenOperations.Image($"{name}/x");
        var c = new ConvCase(x.Batch, x.Height, x.Width, x.Channels, GoldenOperations.Convolution(name));
        float[] Parameter(string part) => Array.ConvertAll(GoldenOperations.Parameter($"{name}/{part}"), static v => (float)v);
        var data = new ConvData(x.ToFloats(), Parameter("w"), Parameter("b"), GoldenOperations.Image($"{name}/grad_y").ToFloats());
        foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request()))
        {
            ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
            Check("y", GoldenOperations.Image($"{name}/y").Data, result.Output);
            Check("grad_x", GoldenOperations.Image($"{name}/grad_x").Data, result.GradInput);
            Check("grad_w", GoldenOperations.Parameter($"{name}/grad_w"), result.GradWeight);
            Check("grad_b", GoldenOperations.Parameter($"{name}/grad_b"), result.GradBias);

            void Check(string part, double[] expected, float[] actual) =>
                Compare.Close($"{candidate.Kernel!.Name}, {name}/{part}", expected, actual, Tolerances.GoldenOperation);
        }
    }
}
