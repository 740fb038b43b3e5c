using System.Numerics.Tensors;

namespace AlexNetSharp.Tests.Oracles;

/// <summary>
/// Convolution (cross-correlation) in float64:
/// y[n, oy, ox, o] = b[o] + Σ over ky, kx, c of x[n, oy·sh + ky − top, ox·sw + kx − left, c] · w[ky, kx, c, o], with x = 0 outside the image.
/// With G groups, output channels g·O/G … (g+1)·O/G − 1 read input channels g·I/G … (g+1)·I/G − 1, and w has I/G input channels.
/// </summary>
/// <remarks>The loop over o is a call of <see cref="TensorPrimitives"/>, which the library computes no layer with: on full networks it saves most of the time.</remarks>
internal sealed record OracleConvolution(
    int KernelHeight, int KernelWidth, int OutputChannels,
    int StrideHeight = 1, int StrideWidth = 1, int Top = 0, int Bottom = 0, int Left = 0, int Right = 0, int Groups = 1)
{
    public int OutputHeight(int height) => (height + Top + Bottom - KernelHeight) / StrideHeight + 1;

    public int OutputWidth(int width) => (width + Left + Right - KernelWidth) / StrideWidth + 1;

    /// <summary>TensorFlow's SAME: the output has ⌈size / stride⌉ positions; what padding that needs goes half before, the odd one after.</summary>
    public static (int Before, int After) Same(int size, int kernel, int stride)
    {
        int output = (size + stride - 1) / stride;
        int total = Math.Max((output - 1) * stride + kernel - size, 0);
        return (total / 2, total - total / 2);
    }

    public OracleTensor Forward(OracleTensor x, double[] w, double[]? b)
    {
        var y = new OracleTensor(x.Batch, OutputHeight(x.Height), OutputWidth(x.Width), OutputChannels);
        int inputs = x.Channels / Groups, outputs = OutputChannels / Groups;
        Assert.Equal(KernelHeight * KernelWidth * inputs * OutputChannels, w.Length);
        Parallel.For(0, y.Batch * y.Height, row =>
        {
            (int n, int oy) = Math.DivRem(row, y.Height);
            for (int ox = 0; ox < y.Width; ox++)
            {
                Span<double> sum = y.Data.AsSpan(y.Index(n, oy, ox), OutputChannels);
                if (b is not null)
                    b.CopyTo(sum);
                for (int ky = 0; ky < KernelHeight; ky++)
                    for (int kx = 0; kx < KernelWidth; kx++)
                    {
                        int iy = oy * StrideHeight + ky - Top, ix = ox * StrideWidth + kx - Left;
                        if (iy < 0 || iy >= x.Height || ix < 0 || ix >= x.Width)
                            continue;
                        for (int g = 0; g < Groups; g++)
                            for (int c = 0; c < inputs; c++)
                            {
                                double value = x[n, iy, ix, g * inputs + c];
                                Span<double> group = sum.Slice(g * outputs, outputs);
                                ReadOnlySpan<double> weights = w.AsSpan(WeightIndex(ky, kx, c, inputs) + g * outputs, outputs);
                                TensorPrimitives.MultiplyAdd(weights, value, group, group);
                            }
                    }
            }
        });
        return y;
    }

    /// <summary>∂/∂x: every input pixel collects from the outputs whose windows cover it.</summary>
    public OracleTensor BackwardInput(OracleTensor x, double[] w, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        int inputs = x.Channels / Groups, outputs = OutputChannels / Groups;
        Parallel.For(0, x.Batch * x.Height, row =>
        {
            (int n, int iy) = Math.DivRem(row, x.Height);
            for (int ix = 0; ix < x.Width; ix++)
                for (int ky = 0; ky < KernelHeight; ky++)
                    for (int kx = 0; kx < KernelWidth; kx++)
                    {
                        // iy = oy · stride + ky − top, solved for oy.
                        if (!Solve(iy + Top - ky, StrideHeight, gradY.Height, out int oy) || !Solve(ix + Left - kx, StrideWidth, gradY.Width, out int ox))
                            continue;
                        for (int g = 0; g < Groups; g++)
                        {
                            ReadOnlySpan<double> gradient = gradY.Data.AsSpan(gradY.Index(n, oy, ox) + g * outputs, outputs);
                            for (int c = 0; c < inputs; c++)
                            {
                                ReadOnlySpan<double> weights = w.AsSpan(WeightIndex(ky, kx, c, inputs) + g * outputs, outputs);
                                gradX[n, iy, ix, g * inputs + c] += TensorPrimitives.Dot(gradient, weights);
                            }
                        }
                    }
        });
        return gradX;
    }

    /// <summary>∂/∂w[ky, kx, c, o] = Σ over n, oy, ox of x[n, …, c] · gradY[n, oy, ox, o].</summary>
    public double[] BackwardWeight(OracleTensor x, OracleTensor gradY)
    {
        int inputs = x.Channels / Groups, outputs = OutputChannels / Groups;
        var gradW = new double[KernelHeight * KernelWidth * inputs * OutputChannels];
        Parallel.For(0, KernelHeight * KernelWidth * inputs, row =>
        {
            (int position, int c) = Math.DivRem(row, inputs);
            (int ky, int kx) = Math.DivRem(position, KernelWidth);
            for (int n = 0; n < x.Batch; n++)
                for (int oy = 0; oy < gradY.Height; oy++)
                    for (int ox = 0; ox < gradY.Width; ox++)
                    {
                        int iy = oy * StrideHeight + ky - Top, ix = ox * StrideWidth + kx - Left;
                        if (iy < 0 || iy >= x.Height || ix < 0 || ix >= x.Width)
                            continue;
                        for (int g = 0; g < Groups; g++)
                        {
                            double value = x[n, iy, ix, g * inputs + c];
                            ReadOnlySpan<double> gradient = gradY.Data.AsSpan(gradY.Index(n, oy, ox) + g * outputs, outputs);
                            Span<double> sum = gradW.AsSpan(WeightIndex(ky, kx, c, inputs) + g * outputs, outputs);
                            TensorPrimitives.MultiplyAdd(gradient, value, sum, sum);
                        }
                    }
        });
        return gradW;
    }

    /// <summary>∂/∂b[o] = Σ over n, oy, ox of gradY[n, oy, ox, o].</summary>
    public static double[] BackwardBias(OracleTensor gradY)
    {
        var gradB = new double[gradY.Channels];
        for (int i = 0; i < gradY.Data.Length; i++)
            gradB[i % gradY.Channels] += gradY.Data[i];
        return gradB;
    }

    private int WeightIndex(int ky, int kx, int c, int inputs) => ((ky * KernelWidth + kx) * inputs + c) * OutputChannels;

    private static bool Solve(int scaled, int stride, int count, out int position)
    {
        position = scaled / stride;
        return scaled >= 0 && scaled % stride == 0 && position < count;
    }
}
