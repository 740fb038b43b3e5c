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
    public static void Gather(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
    {
        switch (SimdTiers.Best)
        {
            case SimdTier.Vector512:
                Walk<CopyRun<F32x16>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            case SimdTier.Vector256:
                Walk<CopyRun<F32x8>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            case SimdTier.Vector128:
                Walk<CopyRun<F32x4>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            default:
                Walk<CopyRun<F32x1>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
        }
    }

    /// <summary>The adjoint of <see cref="Gather"/>: adds each value of the panels to the place of the image that it would come from.</summary>
    /// <inheritdoc cref="Gather"/>
    public static void ScatterAdd(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
    {
        switch (SimdTiers.Best)
        {
            case SimdTier.Vector512:
                Walk<AddRun<F32x16>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            case SimdTier.Vector256:
                Walk<AddRun<F32x8>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            case SimdTier.Vector128:
                Walk<AddRun<F32x4>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
            default:
                Walk<AddRun<F32x1>>(g, image, group, firstRow, rows, firstColumn, columns, panels, panelStride);
                break;
        }
    }

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
            for (; count >= V.Count; count -= V.Count, image += V.Count, panel += V.Count)
                V.Store(V.Load(image), panel);
            if (count > 0)
                V.StorePartial(V.LoadPartial(image, count), panel, count);
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

    private static void Walk<TRun>(
        in ConvGeometry g, float* image, int group, long firstRow, int rows, int firstColumn, int columns, float* panels, nint panelStride)
        where TRun : struct, IRun
    {
        int channels = g.InputChannels / g.Groups;
        int taps = g.Groups == 1 ? g.KernelWidth : 1;
        int runLength = taps * channels, runsPerRow = g.KernelWidth / taps;
        int firstRun = firstColumn / runLength, endRun = (firstColumn + columns + runLength - 1) / runLength;
        (long line, long x) = Math.DivRem(firstRow, g.OutputWidth);
        (long n, long y) = Math.DivRem(line, g.OutputHeight);
        for (int r = 0; r < rows; r++)
        {
            long top = y * g.StrideHeight - g.PadTop, left = x * g.StrideWidth - g.PadLeft;
            for (int run = firstRun; run < endRun; run++)
            {
                (int ky, int kx) = Math.DivRem(run, runsPerRow);
                long iy = top + ky, ix = left + kx * taps;
                // The part of the run that lies within the image, as columns counted from the first of this call.
                int start = run * runLength - firstColumn;
                bool inside = iy >= 0 && iy < g.InputHeight;
                int from = inside ? start + (int)Math.Clamp(-ix, 0, taps) * channels : start + runLength;
                int to = inside ? start + (int)Math.Clamp(g.InputWidth - ix, 0, taps) * channels : start + runLength;
                int begin = Math.Max(start, 0), end = Math.Min(start + runLength, columns);
                from = Math.Clamp(from, begin, end);
                to = Math.Clamp(to, from, end);

                float* row = panels + r * GemmKernel.PanelWidth;
                float* source = image + ((n * g.InputHeight + iy) * g.InputWidth + ix) * g.InputChannels + group * channels;
                Part<TRun>(null, row, panelStride, begin, from);
                Part<TRun>(source + (from - start), row, panelStride, from, to);
                Part<TRun>(null, row, panelStride, to, end);
            }
            if (++x < g.OutputWidth)
                continue;
            x = 0;
            if (++y < g.OutputHeight)
                continue;
            y = 0;
            n++;
        }
    }

    // Columns [from, to), panel by panel; source null stands for zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Part<TRun>(float* source, float* row, nint panelStride, int from, int to)
        where TRun : struct, IRun
    {
        while (from < to)
        {
            int lane = from % GemmKernel.PanelWidth, count = Math.Min(GemmKernel.PanelWidth - lane, to - from);
            float* panel = row + from / GemmKernel.PanelWidth * panelStride + lane;
            if (source == null)
                TRun.Outside(panel, count);
            else
            {
                TRun.Inside(source, panel, count);
                source += count;
            }
            from += count;
        }
    }
}
