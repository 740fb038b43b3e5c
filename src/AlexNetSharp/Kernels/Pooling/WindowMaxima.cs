using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>The maxima of a row of windows: the inner loop of max pooling, alone or after a normalization.</summary>
internal static unsafe class WindowMaxima
{
    /// <summary>output[x, c] = the largest value of channel c in window x; NaN if one of its values is; of equal values (0 and −0) the first.</summary>
    /// <param name="image">Lines of pixels; line y is where <paramref name="kept"/> lines repeat: y mod kept.</param>
    /// <param name="kept">Lines that are kept: all of the image, or those of a ring.</param>
    /// <param name="lineStride">Floats from one line to the next.</param>
    /// <param name="rows">Lines that the windows cover.</param>
    /// <param name="columns">Columns that each window covers.</param>
    /// <param name="channels">Channels of a pixel.</param>
    /// <param name="output">[windows, channels].</param>
    public static void Row<V>(float* image, int kept, long lineStride, PoolRange rows, PoolRange[] columns, int channels, float* output)
        where V : unmanaged, ISimd<V>
    {
        int whole = channels / V.Count * V.Count;
        Row<V>(image, kept, lineStride, rows, columns, channels, output, 0, whole);
        Row<F32x1>(image, kept, lineStride, rows, columns, channels, output, whole, channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<V>(
        float* image, int kept, long lineStride, PoolRange rows, PoolRange[] columns, int channels, float* output, int from, int to)
        where V : unmanaged, ISimd<V>
    {
        if (from == to)
            return;
        float* first = image + rows.Start % kept * lineStride, second = image + (rows.Start + 1) % kept * lineStride, third = image + (rows.Start + 2) % kept * lineStride;
        bool three = rows.End - rows.Start == 3;
        foreach (PoolRange window in columns)
        {
            nint at = (nint)window.Start * channels;
            if (three && window.End - window.Start == 3)
                ThreeByThree<V>(first + at, second + at, third + at, channels, output, from, to);
            else
                Window<V>(image + at, kept, lineStride, rows, (nint)(window.End - window.Start) * channels, channels, output, from, to);
            output += channels;
        }
    }

    /// <summary>Any window.</summary>
    private static void Window<V>(
        float* image, int kept, long lineStride, PoolRange rows, nint width, int channels, float* output, int from, int to)
        where V : unmanaged, ISimd<V>
    {
        for (int c = from; c < to; c += V.Count)
        {
            V max = V.Load(image + rows.Start % kept * lineStride + c);
            for (int y = rows.Start; y < rows.End; y++)
            {
                float* line = image + y % kept * lineStride + c;
                for (float* x = line; x < line + width; x += channels)
                    max = V.Max(max, V.Load(x));
            }
            V.Store(max, output + c);
        }
    }

    /// <summary>The window of AlexNet and most networks, without loops over it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThreeByThree<V>(float* first, float* second, float* third, nint channels, float* output, int from, int to)
        where V : unmanaged, ISimd<V>
    {
        for (int c = from; c < to; c += V.Count)
            V.Store(V.Max(V.Max(Three<V>(first + c, channels), Three<V>(second + c, channels)), Three<V>(third + c, channels)), output + c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Three<V>(float* x, nint step)
        where V : unmanaged, ISimd<V> => V.Max(V.Max(V.Load(x), V.Load(x + step)), V.Load(x + 2 * step));
}
