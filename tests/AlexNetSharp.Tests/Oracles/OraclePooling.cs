namespace AlexNetSharp.Tests.Oracles;

/// <summary>Sizes of a pooling window, its stride and padding, and how output sizes are rounded.</summary>
/// <remarks>With <paramref name="Ceiling"/> a window may hang over the end, but it must start inside the image or the padding before it.</remarks>
internal sealed record OracleWindow(
    int Height, int Width, int StrideHeight, int StrideWidth, int Top = 0, int Bottom = 0, int Left = 0, int Right = 0, bool Ceiling = false)
{
    public static OracleWindow Square(int size, int stride, int padding = 0, bool ceiling = false) =>
        new(size, size, stride, stride, padding, padding, padding, padding, ceiling);

    public OracleTensor Output(OracleTensor x) => new(
        x.Batch, Count(x.Height, Height, StrideHeight, Top, Bottom), Count(x.Width, Width, StrideWidth, Left, Right), x.Channels);

    /// <summary>First and last + 1 row of the window at output row oy, before it is cut at the image's border.</summary>
    public (int Start, int End) Rows(int oy) => (oy * StrideHeight - Top, oy * StrideHeight - Top + Height);

    /// <summary>First and last + 1 column of the window at output column ox, before it is cut at the image's border.</summary>
    public (int Start, int End) Columns(int ox) => (ox * StrideWidth - Left, ox * StrideWidth - Left + Width);

    private int Count(int size, int window, int stride, int before, int after)
    {
        int room = size + before + after - window;
        if (!Ceiling)
            return room / stride + 1;
        int count = (room + stride - 1) / stride + 1;
        return (count - 1) * stride >= size + before ? count - 1 : count;
    }
}

/// <summary>Max pooling in float64: the first maximum of a window, in rows from left to right, gets the gradient. Padding is never a maximum.</summary>
internal sealed record OracleMaxPool(OracleWindow Window)
{
    public OracleTensor Forward(OracleTensor x)
    {
        OracleTensor y = Window.Output(x);
        for (int i = 0; i < y.Data.Length; i++)
            y.Data[i] = x.Data[FirstMaximum(x, y, i)];
        return y;
    }

    public OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        for (int i = 0; i < gradY.Data.Length; i++)
            gradX.Data[FirstMaximum(x, gradY, i)] += gradY.Data[i];
        return gradX;
    }

    private int FirstMaximum(OracleTensor x, OracleTensor y, int output)
    {
        (int pixel, int c) = Math.DivRem(output, y.Channels);
        (int row, int ox) = Math.DivRem(pixel, y.Width);
        (int n, int oy) = Math.DivRem(row, y.Height);
        (int top, int bottom) = Window.Rows(oy);
        (int left, int right) = Window.Columns(ox);
        int best = -1;
        for (int iy = Math.Max(top, 0); iy < Math.Min(bottom, x.Height); iy++)
            for (int ix = Math.Max(left, 0); ix < Math.Min(right, x.Width); ix++)
            {
                int at = x.Index(n, iy, ix) + c;
                if (best < 0 || x.Data[at] > x.Data[best])
                    best = at;
            }
        return best;
    }
}

/// <summary>Average pooling in float64.</summary>
/// <remarks>
/// The sum over the window's pixels inside the image is divided by the number of those pixels, or with <paramref name="CountPadding"/> by
/// the number of the window's pixels inside the padded image (a window that hangs over its end counts only to the end), as PyTorch and Caffe do.
/// </remarks>
internal sealed record OracleAveragePool(OracleWindow Window, bool CountPadding)
{
    public OracleTensor Forward(OracleTensor x)
    {
        OracleTensor y = Window.Output(x);
        ForEach(x, y, (input, output, divisor) => y.Data[output] += x.Data[input] / divisor);
        return y;
    }

    public OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        ForEach(x, gradY, (input, output, divisor) => gradX.Data[input] += gradY.Data[output] / divisor);
        return gradX;
    }

    private void ForEach(OracleTensor x, OracleTensor y, Action<int, int, int> action)
    {
        for (int n = 0; n < y.Batch; n++)
            for (int oy = 0; oy < y.Height; oy++)
                for (int ox = 0; ox < y.Width; ox++)
                {
                    (int top, int bottom) = Window.Rows(oy);
                    (int left, int right) = Window.Columns(ox);
                    int padded = (Math.Min(bottom, x.Height + Window.Bottom) - top) * (Math.Min(right, x.Width + Window.Right) - left);
                    (top, bottom) = (Math.Max(top, 0), Math.Min(bottom, x.Height));
                    (left, right) = (Math.Max(left, 0), Math.Min(right, x.Width));
                    int divisor = CountPadding ? padded : (bottom - top) * (right - left);
                    for (int iy = top; iy < bottom; iy++)
                        for (int ix = left; ix < right; ix++)
                            for (int c = 0; c < x.Channels; c++)
                                action(x.Index(n, iy, ix) + c, y.Index(n, oy, ox) + c, divisor);
                }
    }
}

/// <summary>Adaptive average pooling in float64: output row i is the mean of rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1, and so for columns, as PyTorch defines it.</summary>
internal sealed record OracleAdaptiveAveragePool(int Height, int Width)
{
    public OracleTensor Forward(OracleTensor x)
    {
        var y = new OracleTensor(x.Batch, Height, Width, x.Channels);
        ForEach(x, y, (input, output, divisor) => y.Data[output] += x.Data[input] / divisor);
        return y;
    }

    public OracleTensor Backward(OracleTensor x, OracleTensor gradY)
    {
        OracleTensor gradX = x.ZerosLike();
        ForEach(x, gradY, (input, output, divisor) => gradX.Data[input] += gradY.Data[output] / divisor);
        return gradX;
    }

    private static void ForEach(OracleTensor x, OracleTensor y, Action<int, int, int> action)
    {
        for (int n = 0; n < y.Batch; n++)
            for (int oy = 0; oy < y.Height; oy++)
                for (int ox = 0; ox < y.Width; ox++)
                {
                    int top = oy * x.Height / y.Height, bottom = ((oy + 1) * x.Height + y.Height - 1) / y.Height;
                    int left = ox * x.Width / y.Width, right = ((ox + 1) * x.Width + y.Width - 1) / y.Width;
                    for (int iy = top; iy < bottom; iy++)
                        for (int ix = left; ix < right; ix++)
                            for (int c = 0; c < x.Channels; c++)
                                action(x.Index(n, iy, ix) + c, y.Index(n, oy, ox) + c, (bottom - top) * (right - left));
                }
    }
}
