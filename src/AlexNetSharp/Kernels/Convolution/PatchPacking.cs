using System.Runtime.CompilerServices;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>
/// The matrix of patches of a convolution ("im2col"), some rows and columns at a time: row r belongs to output pixel r of the batch, column
/// k = (ky · kernelWidth + kx) · (inputChannels / groups) + c to a position of the kernel and a channel of the group.
/// </summary>
/// <remarks>
/// In NHWC a row of the kernel is one run of memory (one run for each tap, when there are groups), cut where the image ends and where a
/// panel of 32 columns ends. The idea is Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006.
/// </remarks>
internal static unsafe class PatchPacking
{
    /// <summary>panels[k − firstColumn, r − firstRow] = patch[r, k], 0 outside the image.</summary>
    /// <param name="g">The sizes.</param>
    /// <param name="image">[n, ih, iw, ic].</param>
    /// <param name="group">Which group's channels.</param>
    /// <param name="firstRow">First output pixel, counted through the batch.</param>
    /// <param name="rows">Output pixels.</param>
    /// <param name="firstColumn">First column, a multiple of 32.</param>
    /// <param name="columns">Columns; those that fill the last panel are left as they are.</param>
    /// <param name="panels">[⌈columns / 32⌉][rows][32].</param>
    /// <param name="panelStride">Floats between panels.</param>
    public static void Gather<V>(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
        where V : unmanaged, ISimd<V> =>
        Walk<CopyRun<V>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);

    /// <summary>The adjoint of <see cref="Gather{V}"/>: adds each value of the panels to the place of the image that it would come from.</summary>
    /// <inheritdoc cref="Gather{V}"/>
    public static void ScatterAdd<V>(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
        where V : unmanaged, ISimd<V> =>
        Walk<AddRun<V>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);

    /// <summary>What happens to the parts of a run; at most 32 floats at a time, within one panel.</summary>
    private interface IRun
    {
        static abstract void Inside(float* image, float* panel, int count);

        static abstract void Outside(float* panel, int count);
    }

    private readonly struct CopyRun<V> : IRun
        where V : unmanaged, ISimd<V>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Inside(float* image, float* panel, int count)
        {
            if (count < V.Count)
            {
                V.StorePartial(V.LoadPartial(image, count), panel, count);
                return;
            }
            // The last vector overlaps the one before it where the count is no multiple.
            for (int i = 0; i < count - V.Count; i += V.Count)
                V.Store(V.Load(image + i), panel + i);
            V.Store(V.Load(image + count - V.Count), panel + count - V.Count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Outside(float* panel, int count)
        {
            for (; count > 0; count -= V.Count, panel += V.Count)
                V.StorePartial(V.Zero, panel, Math.Min(count, V.Count));
        }
    }

    private readonly struct AddRun<V> : IRun
        where V : unmanaged, ISimd<V>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Inside(float* image, float* panel, int count)
        {
            for (; count >= V.Count; count -= V.Count, image += V.Count, panel += V.Count)
                V.Store(V.Load(image) + V.Load(panel), image);
            if (count > 0)
                V.StorePartial(V.LoadPartial(image, count) + V.LoadPartial(panel, count), image, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Outside(float* panel, int count)
        {
        }
    }

    // Chunk by chunk, a chunk being what lies in one run and in one panel, and for each of them down the rows: where the chunk is
    // cut is then settled once, and the loop over the pixels of a line only copies.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Walk<TRun>(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
        where TRun : struct, IRun
    {
        int channels = g.InputChannels / g.Groups;
        int taps = g.Groups == 1 ? g.KernelWidth : 1;
        int runLength = taps * channels, runsPerRow = g.KernelWidth / taps;
        int count;
        for (int column = 0; column < columns; column += count)
        {
            (int run, int offset) = Math.DivRem(firstColumn + column, runLength);
            (int ky, int kx) = Math.DivRem(run, runsPerRow);
            int lane = column % GemmKernel.PanelWidth;
            count = Math.Min(Math.Min(GemmKernel.PanelWidth - lane, runLength - offset), columns - column);
            // Where the chunk begins in a line of the image, in floats, for the output pixel x = 0.
            nint start = (nint)(kx * taps - g.PadLeft) * g.InputChannels + group * channels + offset;
            WalkRows<TRun>(g, image, ky, start, count, firstRow, rows, panels + column / GemmKernel.PanelWidth * panelStride + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WalkRows<TRun>(
        in ConvGeometry g, float* image, int ky, nint start, int count, long firstRow, int rows, float* panel)
        where TRun : struct, IRun
    {
        nint lineLength = (nint)g.InputWidth * g.InputChannels, step = (nint)g.StrideWidth * g.InputChannels;
        (long line, long x) = Math.DivRem(firstRow, g.OutputWidth);
        (long n, long y) = Math.DivRem(line, g.OutputHeight);
        int pixels;
        for (int r = 0; r < rows; r += pixels)
        {
            pixels = (int)Math.Min(g.OutputWidth - x, rows - r);
            long iy = y * g.StrideHeight - g.PadTop + ky;
            if (iy < 0 || iy >= g.InputHeight)
                for (int i = 0; i < pixels; i++)
                    TRun.Outside(panel + i * GemmKernel.PanelWidth, count);
            else
                WalkLine<TRun>(
                    image + (n * g.InputHeight + iy) * lineLength, lineLength, start + (nint)x * step, step, count, pixels, panel);
            panel += pixels * GemmKernel.PanelWidth;
            x = 0;
            if (++y < g.OutputHeight)
                continue;
            y = 0;
            n++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WalkLine<TRun>(float* line, nint lineLength, nint start, nint step, int count, int pixels, float* panel)
        where TRun : struct, IRun
    {
        for (; pixels > 0; pixels--, start += step, panel += GemmKernel.PanelWidth)
        {
            if (start >= 0 && start + count <= lineLength)
            {
                TRun.Inside(line + start, panel, count);
                continue;
            }
            int from = (int)Math.Clamp(-start, 0, count), to = (int)Math.Clamp(lineLength - start, from, count);
            TRun.Outside(panel, from);
            TRun.Inside(line + start + from, panel + from, to - from);
            TRun.Outside(panel + to, count - to);
        }
    }
}
