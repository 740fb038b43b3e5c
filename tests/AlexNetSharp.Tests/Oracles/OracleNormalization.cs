namespace AlexNetSharp.Tests.Oracles;

/// <summary>Local response normalization across channels, TensorFlow's convention (alpha is not divided by the window), in float64.</summary>
/// <remarks>y[c] = x[c] · d[c]^−β with d[c] = bias + α Σ over |k − c| ≤ radius of x[k]². Krizhevsky et al. 2012, section 3.3.</remarks>
internal sealed record OracleLocalResponseNorm(int Radius, double Bias, double Alpha, double Beta)
{
    public OracleTensor Forward(OracleTensor x)
    {
        OracleTensor y = x.ZerosLike();
        for (int at = 0; at < x.Data.Length; at += x.Channels)
            for (int c = 0; c < x.Channels; c++)
                y.Data[at + c] = x.Data[at + c] * Math.Pow(Denominator(x, at, c), -Beta);
        return y;
    }

    /// <summary>∂L/∂x[j] = g[j] · d[j]^−β − 2αβ · x[j] · Σ over |c − j| ≤ radius of g[c] · x[c] · d[c]^(−β−1).</summary>
    public OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        for (int at = 0; at < x.Data.Length; at += x.Channels)
            for (int c = 0; c < x.Channels; c++)
            {
                double d = Denominator(x, at, c), g = gradY.Data[at + c];
                gradX.Data[at + c] += g * Math.Pow(d, -Beta);
                for (int j = Math.Max(0, c - Radius); j <= Math.Min(x.Channels - 1, c + Radius); j++)
                    gradX.Data[at + j] -= 2 * Alpha * Beta * x.Data[at + j] * g * x.Data[at + c] * Math.Pow(d, -Beta - 1);
            }
        return gradX;
    }

    private double Denominator(OracleTensor x, int at, int c)
    {
        double sum = 0;
        for (int k = Math.Max(0, c - Radius); k <= Math.Min(x.Channels - 1, c + Radius); k++)
            sum += x.Data[at + k] * x.Data[at + k];
        return Bias + Alpha * sum;
    }
}

/// <summary>Normalization within each channel over a square window of pixels centered on each (Caffe's WITHIN_CHANNEL), in float64.</summary>
/// <remarks>
/// y = x · d^−β with d = 1 + α/size² · Σ of x² over the window, pixels outside the image counting as 0. size is odd.
/// </remarks>
internal sealed record OracleWithinChannelNorm(int Size, double Alpha, double Beta)
{
    public OracleTensor Forward(OracleTensor x)
    {
        OracleTensor y = x.ZerosLike();
        ForEach(x, (n, iy, ix, c) => y[n, iy, ix, c] = x[n, iy, ix, c] * Math.Pow(Denominator(x, n, iy, ix, c), -Beta));
        return y;
    }

    /// <summary>As across channels, with the window of pixels in place of the window of channels.</summary>
    public OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        ForEach(x, (n, iy, ix, c) =>
        {
            double d = Denominator(x, n, iy, ix, c), g = gradY[n, iy, ix, c];
            gradX[n, iy, ix, c] += g * Math.Pow(d, -Beta);
            double common = 2 * Alpha / (Size * Size) * Beta * g * x[n, iy, ix, c] * Math.Pow(d, -Beta - 1);
            for (int jy = Math.Max(0, iy - Size / 2); jy <= Math.Min(x.Height - 1, iy + Size / 2); jy++)
                for (int jx = Math.Max(0, ix - Size / 2); jx <= Math.Min(x.Width - 1, ix + Size / 2); jx++)
                    gradX[n, jy, jx, c] -= common * x[n, jy, jx, c];
        });
        return gradX;
    }

    private double Denominator(OracleTensor x, int n, int iy, int ix, int c)
    {
        double sum = 0;
        for (int jy = Math.Max(0, iy - Size / 2); jy <= Math.Min(x.Height - 1, iy + Size / 2); jy++)
            for (int jx = Math.Max(0, ix - Size / 2); jx <= Math.Min(x.Width - 1, ix + Size / 2); jx++)
                sum += x[n, jy, jx, c] * x[n, jy, jx, c];
        return 1 + Alpha / (Size * Size) * sum;
    }

    private static void ForEach(OracleTensor x, Action<int, int, int, int> action)
    {
        for (int n = 0; n < x.Batch; n++)
            for (int y = 0; y < x.Height; y++)
                for (int ix = 0; ix < x.Width; ix++)
                    for (int c = 0; c < x.Channels; c++)
                        action(n, y, ix, c);
    }
}
