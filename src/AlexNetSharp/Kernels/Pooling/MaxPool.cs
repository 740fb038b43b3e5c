using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>output[n, y, x, c] = the largest input[n, i, j, c] over the rows i and columns j of window (y, x).</summary>
/// <remarks>
/// A window that contains NaN gives NaN and passes no gradient on.
/// Backward finds the maximum by comparing again; the first maximum of a window in row-major order gets its gradient,
/// as in TensorFlow, PyTorch and Caffe.
/// </remarks>
internal sealed unsafe class MaxPool<V>(PoolWindows windows) : PoolKernel(windows)
    where V : unmanaged, ISimd<V>
{
    public override string Name => "max pool";

    public override bool BackwardReadsInput => true;

    public override bool BackwardReadsOutput => true;

    private protected override void ForwardRow(int image, int row)
    {
        int whole = Windows.Channels / V.Count * V.Count;
        ForwardRow<V>(image, row, 0, whole);
        ForwardRow<F32x1>(image, row, whole, Windows.Channels);
    }

    private protected override void BackwardImage(int image, int from, int to)
    {
        int whole = from + (to - from) / V.Count * V.Count;
        BackwardImage<V>(image, from, whole);
        BackwardImage<F32x1>(image, whole, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow<W>(int image, int row, int from, int to)
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
            float* first = Input + image * w.InputImage + rows.Start * inputRow + (long)columns.Start * channels;
            int height = rows.End - rows.Start;
            long width = (long)(columns.End - columns.Start) * channels;
            for (int c = from; c < to; c += W.Count)
            {
                W max = W.Load(first + c);
                float* line = first + c;
                for (int i = 0; i < height; i++, line += inputRow)
                    for (float* x = line; x < line + width; x += channels)
                        max = W.Max(max, W.Load(x));
                W.Store(max, output + c);
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
        float* output = Output + image * w.OutputImage, gradOutput = GradOutput + image * w.OutputImage;
        long toGradient = GradInput - Input;
        foreach (PoolRange rows in w.Rows)
            foreach (PoolRange columns in w.Columns)
            {
                float* first = Input + image * w.InputImage + rows.Start * inputRow + (long)columns.Start * channels;
                int height = rows.End - rows.Start;
                long width = (long)(columns.End - columns.Start) * channels;
                for (int c = from; c < to; c += W.Count)
                {
                    W max = W.Load(output + c), gradient = W.Load(gradOutput + c);
                    float* line = first + c;
                    for (int i = 0; i < height; i++, line += inputRow)
                        for (float* x = line; x < line + width; x += channels)
                            gradient = GiveToMaximum(x, x + toGradient, max, gradient);
                }
                output += channels;
                gradOutput += channels;
            }
    }

    /// <summary>Adds the gradient to that of a value if the value is the maximum, and returns what is left of it: once the maximum was met, nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W GiveToMaximum<W>(float* value, float* gradInput, W max, W gradient)
        where W : unmanaged, ISimd<W>
    {
        W taken = W.SelectEqual(W.Load(value), max, gradient);
        W.Store(W.Load(gradInput) + taken, gradInput);
        return gradient - taken;
    }
}
