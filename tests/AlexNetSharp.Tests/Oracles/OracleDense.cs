using System.Numerics.Tensors;

namespace AlexNetSharp.Tests.Oracles;

/// <summary>Fully connected layer in float64: y[n, o] = b[o] + Σ over i of x[n, i] · w[i, o].</summary>
internal static class OracleLinear
{
    public static OracleTensor Forward(OracleTensor x, double[] w, double[] b)
    {
        OracleTensor y = OracleTensor.Features(x.Batch, b.Length);
        Assert.Equal(x.Channels * b.Length, w.Length);
        Parallel.For(0, x.Batch, n =>
        {
            Span<double> sum = y.Data.AsSpan(n * b.Length, b.Length);
            b.CopyTo(sum);
            for (int i = 0; i < x.Channels; i++)
                TensorPrimitives.MultiplyAdd(w.AsSpan(i * b.Length, b.Length), x.Data[n * x.Channels + i], sum, sum);
        });
        return y;
    }

    public static OracleTensor BackwardInput(OracleTensor x, double[] w, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        int outputs = gradY.Channels;
        Parallel.For(0, x.Channels, i =>
        {
            for (int n = 0; n < x.Batch; n++)
                gradX.Data[n * x.Channels + i] = TensorPrimitives.Dot<double>(gradY.Data.AsSpan(n * outputs, outputs), w.AsSpan(i * outputs, outputs));
        });
        return gradX;
    }

    public static double[] BackwardWeight(OracleTensor x, OracleTensor gradY)
    {
        int outputs = gradY.Channels;
        var gradW = new double[x.Channels * outputs];
        Parallel.For(0, x.Channels, i =>
        {
            Span<double> sum = gradW.AsSpan(i * outputs, outputs);
            for (int n = 0; n < x.Batch; n++)
                TensorPrimitives.MultiplyAdd(gradY.Data.AsSpan(n * outputs, outputs), x.Data[n * x.Channels + i], sum, sum);
        });
        return gradW;
    }
}

/// <summary>max(0, x) in float64; the gradient passes where x &gt; 0.</summary>
internal static class OracleReLU
{
    public static OracleTensor Forward(OracleTensor x)
    {
        OracleTensor y = x.ZerosLike();
        for (int i = 0; i < y.Data.Length; i++)
            y.Data[i] = Math.Max(x.Data[i], 0);
        return y;
    }

    public static OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        for (int i = 0; i < gradX.Data.Length; i++)
            gradX.Data[i] = x.Data[i] > 0 ? gradY.Data[i] : 0;
        return gradX;
    }
}

/// <summary>Dropout in float64 with a given mask: kept values are divided by the probability of keeping, others become 0. Forward and backward are the same map.</summary>
internal static class OracleDropout
{
    public static OracleTensor Apply(OracleTensor x, ReadOnlySpan<bool> kept, double keepProbability)
    {
        OracleTensor y = x.ZerosLike();
        Assert.Equal(y.Data.Length, kept.Length);
        for (int i = 0; i < y.Data.Length; i++)
            y.Data[i] = kept[i] ? x.Data[i] / keepProbability : 0;
        return y;
    }
}
