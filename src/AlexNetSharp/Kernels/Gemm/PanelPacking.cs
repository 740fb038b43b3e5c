using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Kernels.Gemm;

/// <summary>Moves blocks between dense matrices and the panels of <see cref="GemmKernel"/>.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>panels[r, c] = source[r, c] for c &lt; columns, 0 for the others.</summary>
    /// <param name="source">Rows of a dense matrix, from the first column on that is wanted.</param>
    /// <param name="rowLength">Floats between rows of the source.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="panels">[⌈columns / 32⌉][rows][32].</param>
    /// <param name="panelStride">Floats between panels.</param>
    public static void Pack<V>(float* source, nint rowLength, int rows, int columns, float* panels, nint panelStride)
        where V : unmanaged, ISimd<V> => PackGradient<V>(source, null, rowLength, rows, columns, panels, panelStride, null);

    /// <summary>As <see cref="Pack{V}"/>, with 0 where the output of a ReLU is not positive, and the sums of the columns besides.</summary>
    /// <param name="source">Rows of the gradient.</param>
    /// <param name="output">The same rows of the layer's output, or null for no mask.</param>
    /// <param name="rowLength">Floats between rows of both.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="panels">[⌈columns / 32⌉][rows][32].</param>
    /// <param name="panelStride">Floats between panels.</param>
    /// <param name="sums">⌈columns / 32⌉ · 32 sums that the rows are added to, or null.</param>
    // Row after row, so that a dense source is read in the order of its memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackGradient<V>(
        float* source, float* output, nint rowLength, int rows, int columns, float* panels, nint panelStride, float* sums)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++)
        {
            float* panel = panels + r * GemmKernel.PanelWidth, from = source + r * rowLength, mask = output + r * rowLength;
            for (int c = 0; c < columns; c += GemmKernel.PanelWidth, panel += panelStride)
                for (int lane = 0; lane < GemmKernel.PanelWidth; lane += V.Count)
                {
                    int column = c + lane;
                    V value;
                    if (column + V.Count <= columns)
                    {
                        value = V.Load(from + column);
                        if (output != null)
                            value = V.SelectGreater(V.Load(mask + column), V.Zero, value);
                    }
                    else
                    {
                        int count = Math.Max(columns - column, 0);
                        value = V.LoadPartial(from + column, count);
                        if (output != null)
                            value = V.SelectGreater(V.LoadPartial(mask + column, count), V.Zero, value);
                    }
                    V.Store(value, panel + lane);
                    if (sums != null)
                        V.Store(V.Load(sums + column) + value, sums + column);
                }
        }
    }

    /// <summary>panel[c, r] = source[r, c]: the transposed block; 0 for r from <paramref name="rows"/> to 31.</summary>
    /// <param name="source">Rows of a dense matrix or of a panel.</param>
    /// <param name="rowLength">Floats between rows of the source.</param>
    /// <param name="rows">Rows of the source, 1 to 32: columns of the panel.</param>
    /// <param name="columns">Columns of the source: rows of the panel.</param>
    /// <param name="panel">[columns][32].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposed(float* source, nint rowLength, int rows, int columns, float* panel)
    {
        int wholeRows = rows - rows % Transpose.Size, wholeColumns = columns - columns % Transpose.Size;
        for (int c = 0; c < wholeColumns; c += Transpose.Size)
            for (int r = 0; r < wholeRows; r += Transpose.Size)
                Transpose.Block(source + r * rowLength + c, rowLength, panel + c * GemmKernel.PanelWidth + r, GemmKernel.PanelWidth);
        for (int c = 0; c < columns; c++)
        {
            float* to = panel + c * GemmKernel.PanelWidth;
            for (int r = c < wholeColumns ? wholeRows : 0; r < GemmKernel.PanelWidth; r++)
                to[r] = r < rows ? source[r * rowLength + c] : 0;
        }
    }

    /// <summary>destination[c, r] = panel[r, c]: a panel as rows of a dense matrix.</summary>
    /// <param name="panel">[rows][32].</param>
    /// <param name="rows">Rows of the panel: columns of the destination.</param>
    /// <param name="columns">Columns of the panel that count, 1 to 32: rows of the destination.</param>
    /// <param name="destination">Rows of a dense matrix.</param>
    /// <param name="rowLength">Floats between rows of the destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UnpackTransposed(float* panel, int rows, int columns, float* destination, nint rowLength)
    {
        for (int c = 0; c < columns; c++)
        {
            float* to = destination + c * rowLength, from = panel + c;
            for (int r = 0; r < rows; r++, from += GemmKernel.PanelWidth)
                to[r] = *from;
        }
    }

    /// <summary>A panel as 8-bit integers with a scale for each column: panel[r, c] ≈ quantized[r, c] · scales[c].</summary>
    /// <param name="panel">[rows][32].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="quantized">[rows][32].</param>
    /// <param name="scales">[32].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizePanel<V>(float* panel, int rows, sbyte* quantized, float* scales)
        where V : unmanaged, ISimd<V>
    {
        for (int c = 0; c < GemmKernel.PanelWidth; c += V.Count)
        {
            V largest = V.Zero;
            for (int r = 0; r < rows; r++)
            {
                V value = V.Load(panel + (nint)r * GemmKernel.PanelWidth + c);
                largest = V.Max(largest, V.Max(value, V.Zero - value));
            }
            V.Store(largest, scales + c);
        }
        for (int c = 0; c < GemmKernel.PanelWidth; c++)
            scales[c] = Int8.Scale(scales[c]);
        Int8Panel.Quantize(panel, rows, scales, quantized);
    }

    /// <summary>destination[r, c] = panel[r, c] · scale[c] + bias[c], or max(0, ·) of it, for c &lt; columns.</summary>
    /// <param name="panel">[rows][32].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns that count, 1 to 32.</param>
    /// <param name="bias">[columns], or null for none.</param>
    /// <param name="scale">[32], or null for 1.</param>
    /// <param name="relu">Whether negative results become 0; not-a-number passes.</param>
    /// <param name="destination">Rows of a dense matrix, from the block's first column on.</param>
    /// <param name="rowLength">Floats between rows of the destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<V>(float* panel, int rows, int columns, float* bias, float* scale, bool relu, float* destination, nint rowLength)
        where V : unmanaged, ISimd<V>
    {
        for (int c = 0; c < columns; c += V.Count)
        {
            int count = Math.Min(columns - c, V.Count);
            V add = bias == null ? V.Zero : V.LoadPartial(bias + c, count);
            float* from = panel + c, to = destination + c;
            for (int r = 0; r < rows; r++, from += GemmKernel.PanelWidth, to += rowLength)
            {
                V value = scale == null ? V.Load(from) + add : V.MultiplyAdd(V.Load(from), V.Load(scale + c), add);
                if (relu)
                    value = V.MaxNative(V.Zero, value);
                if (count == V.Count)
                    V.Store(value, to);
                else
                    V.StorePartial(value, to, count);
            }
        }
    }
}
