using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>A convolution to test: sizes of the input and an <see cref="OracleConvolution"/>.</summary>
internal sealed record ConvCase(int Batch, int Height, int Width, int Channels, OracleConvolution Oracle)
{
    /// <summary>Square kernel, stride, padding on all sides.</summary>
    public static ConvCase Square(
        int batch, int size, int inputs, int outputs, int kernel, int stride = 1, int before = 0, int after = 0, int groups = 1) =>
        new(batch, size, size, inputs, new OracleConvolution(kernel, kernel, outputs, stride, stride, before, after, before, after, groups));

    /// <summary>The same in the library's words.</summary>
    public ConvGeometry Geometry => new(
        Batch, Height, Width, Channels, Oracle.OutputHeight(Height), Oracle.OutputWidth(Width), Oracle.OutputChannels,
        Oracle.KernelHeight, Oracle.KernelWidth, Oracle.StrideHeight, Oracle.StrideWidth, Oracle.Top, Oracle.Left, Oracle.Groups);

    /// <summary>Products in the sum for one value of a result.</summary>
    public long ReductionLength(Direction direction)
    {
        ConvGeometry g = Geometry;
        return direction switch
        {
            Direction.Forward => g.KernelHeight * g.KernelWidth * (g.InputChannels / g.Groups),
            Direction.BackwardInput => g.KernelHeight * g.KernelWidth * (g.OutputChannels / g.Groups),
            _ => (long)g.Batch * g.OutputHeight * g.OutputWidth,
        };
    }

    /// <summary>What the oracle gives for float32 data; the gradient of the output is masked where <paramref name="maskedBy"/> is not positive.</summary>
    public (OracleTensor Output, OracleTensor GradInput, double[] GradWeight, double[] GradBias) Expected(ConvData data, float[]? maskedBy)
    {
        double[] weight = Array.ConvertAll(data.Weight, static v => (double)v);
        double[]? bias = data.Bias is null ? null : Array.ConvertAll(data.Bias, static v => (double)v);
        OracleTensor input = OracleTensor.From(data.Input, Batch, Height, Width, Channels);
        OracleTensor output = Oracle.Forward(input, weight, bias);
        OracleTensor gradOutput = output.ZerosLike();
        for (int i = 0; i < gradOutput.Data.Length; i++)
            gradOutput.Data[i] = maskedBy is null || maskedBy[i] > 0 ? data.GradOutput[i] : 0;
        return (
            maskedBy is null ? output : OracleReLU.Forward(output), Oracle.BackwardInput(input, weight, gradOutput),
            Oracle.BackwardWeight(input, gradOutput), OracleConvolution.BackwardBias(gradOutput));
    }

    public override string ToString() =>
        $"{Batch}×{Height}×{Width}×{Channels} → {Geometry.OutputHeight}×{Geometry.OutputWidth}×{Oracle.OutputChannels}, "
        + $"kernel {Oracle.KernelHeight}×{Oracle.KernelWidth}, stride {Oracle.StrideHeight}×{Oracle.StrideWidth}, "
        + $"padding {Oracle.Top},{Oracle.Bottom},{Oracle.Left},{Oracle.Right}, groups {Oracle.Groups}";
}

/// <summary>Values for a convolution.</summary>
internal sealed record ConvData(float[] Input, float[] Weight, float[]? Bias, float[] GradOutput)
{
    /// <summary>Normal values.</summary>
    public static ConvData Random(ConvGeometry g, int seed)
    {
        var random = new System.Random(seed);
        return Fill(g, () =>
        {
            // Box and Muller.
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            return (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        });
    }

    /// <summary>Small whole numbers, of which sums are exact in float32 as long as they stay below 2²⁴.</summary>
    public static ConvData Integers(ConvGeometry g, int seed)
    {
        var random = new System.Random(seed);
        return Fill(g, () => random.Next(-4, 5));
    }

    private static ConvData Fill(ConvGeometry g, Func<float> next)
    {
        float[] Values(long length) => [.. Enumerable.Range(0, checked((int)length)).Select(_ => next())];
        return new ConvData(Values(g.InputLength), Values(g.WeightLength), Values(g.OutputChannels), Values(g.OutputLength));
    }
}
