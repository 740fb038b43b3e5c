using System.Globalization;
using System.Text.RegularExpressions;
using AlexNetSharp.Models;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Golden;

/// <summary>The cases of <c>ops.safetensors</c>, with the parameters that its metadata states.</summary>
internal static partial class GoldenOperations
{
    public static SafetensorsFile Reference { get; } = SafetensorsFile.Golden("ops.safetensors");

    public static TheoryData<string> Convolutions => Cases("conv");

    public static TheoryData<string> Norms => Cases("lrn");

    public static TheoryData<string> MaxPools => Cases("maxpool");

    public static TheoryData<string> AveragePools => Cases("avgpool");

    public static TheoryData<string> Linears => Cases("dense");

    public static OracleWindow Window { get; } = OracleWindow.Square(3, 2);

    public static OracleConvolution Convolution(string name)
    {
        GroupCollection values = ConvolutionText().Match(Reference.Metadata(name)).Groups;
        int stride = Number(values[1]), before = Number(values[2]), after = Number(values[3]), groups = Number(values[4]);
        int[] weight = Reference.Shape($"{name}/w");
        return new OracleConvolution(weight[2], weight[3], weight[0], stride, stride, before, after, before, after, groups);
    }

    public static OracleLocalResponseNorm Norm(string name)
    {
        GroupCollection values = NormText().Match(Reference.Metadata(name)).Groups;
        return new OracleLocalResponseNorm(Number(values[1]), Real(values[2]), Real(values[3]), Real(values[4]));
    }

    /// <summary>x, y, grad_y or grad_x as [n, y, x, c].</summary>
    public static OracleTensor Image(string name)
    {
        int[] shape = Reference.Shape(name);
        float[] values = Reference.Reordered(name, weight: false);
        return shape.Length == 4
            ? OracleTensor.From(values, shape[0], shape[2], shape[3], shape[1])
            : OracleTensor.From(values, shape[0], 1, 1, shape[1]);
    }

    /// <summary>w, b, grad_w or grad_b in the library's order.</summary>
    public static double[] Parameter(string name) => Array.ConvertAll(Reference.Reordered(name, weight: true), static v => (double)v);

    private static TheoryData<string> Cases(string kind) =>
        [.. Reference.Names.Where(n => n.StartsWith(kind + "/", StringComparison.Ordinal) && n.EndsWith("/x", StringComparison.Ordinal)).Select(n => n[..^2])];

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static double Real(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"stride (\d+), pad before (\d+) after (\d+), groups (\d+)")]
    private static partial Regex ConvolutionText();

    [GeneratedRegex(@"depth radius (\d+), bias ([\d.e-]+), alpha ([\d.e-]+), beta ([\d.e-]+)")]
    private static partial Regex NormText();
}
