using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>output[n, y, x, c] = Σ input[n, i, j, c] over the rows i and columns j of window (y, x), divided by the divisor of the window.</summary>
/// <remarks>The divisor is rows[y].Divisor · columns[x].Divisor: <see cref="PoolAxis.CountPadding"/> says what it counts.</remarks>
internal sealed unsafe class AvgPool<V>(PoolWindows windows) : PoolKernel(windows)
    where V : unmanaged, ISimd<V>
{
    public override string Name => "average pool";

    private protected override void ForwardRow(int image, float* input, int row)
    {
        int whole = Windows.Channels / V.Count * V.Count;
        ForwardRow<V>(image, input, row, 0, whole);
        ForwardRow<F32x1>(image, input, row, whole, Windows.Channels);
    }

    private protected override void BackwardImage(int image, int from, int to)
    {
        int whole = from + (to - from) / V.Count * V.Count;
        BackwardImage<V>(image, from, whole);
        BackwardImage<F32x1>(image, whole, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow<W>(int image, float* input, int row, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        PoolWindows w = Windows;
        int channels = w.Channels;
        long inputRow = (long)w.InputWidth * channels;
        PoolRange rows = w.Rows[row];
        float* output = Output + image * w.OutputImage + (long)row * w.OutputWidth * channels;
        foreach (PoolRange columns in w.Columns)
        {
            float* first = input + rows.Start * inputRow + (long)columns.Start * channels;
            int height = rows.End - rows.Start;
            long width = (long)(columns.End - columns.Start) * channels;
            W divisor = W.Broadcast((float)rows.Divisor * columns.Divisor);
            for (int c = from; c < to; c += W.Count)
            {
                W sum = W.Zero;
                float* line = first + c;
                for (int i = 0; i < height; i++, line += inputRow)
                    for (float* x = line; x < line + width; x += channels)
                        sum += W.Load(x);
                W.Store(sum / divisor, output + c);
            }
            output += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardImage<W>(int image, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        PoolWindows w = Windows;
        int channels = w.Channels;
        long inputRow = (long)w.InputWidth * channels;
        float* gradOutput = GradOutput + image * w.OutputImage;
        foreach (PoolRange rows in w.Rows)
            foreach (PoolRange columns in w.Columns)
            {
                float* first = GradInput + image * w.InputImage + rows.Start * inputRow + (long)columns.Start * channels;
                int height = rows.End - rows.Start;
                long width = (long)(columns.End - columns.Start) * channels;
                W divisor = W.Broadcast((float)rows.Divisor * columns.Divisor);
                for (int c = from; c < to; c += W.Count)
                {
                    W share = W.Load(gradOutput + c) / divisor;
                    float* line = first + c;
                    for (int i = 0; i < height; i++, line += inputRow)
                        for (float* x = line; x < line + width; x += channels)
                            W.Store(W.Load(x) + share, x);
                }
                gradOutput += channels;
            }
    }
}
