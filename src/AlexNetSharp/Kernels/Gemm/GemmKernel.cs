using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Gemm;

/// <summary>Matrix products of operands in panels, on one thread: the core of fully connected layers and convolutions.</summary>
/// <remarks>
/// <para>
/// <b>Panels.</b> A matrix X [rows, columns] lies in memory as [⌈columns / 32⌉][rows][32]: X[r, c] is
/// x[(c / 32)·panelStride + 32·r + c % 32]. The stride is at least 32·rows and a multiple of 16 (better not of 1024: addresses 4096 bytes
/// apart fall into the same set of the cache). The width is 32 whatever the vectors are. Columns beyond the last are part of
/// the product: they must hold zeros where they are summed over, and are computed like all others where they are not.
/// To work on rows from r0 on, pass a pointer to x + 32·r0.
/// </para>
/// <para>
/// <b>Blocking.</b> Depth is cut into blocks of at most <see cref="DepthBlock"/>, so that 32 columns of B stay in the first-level cache
/// while all rows of A pass by; rows are cut so that a block of A stays in the second-level cache while all panels of B pass by; and
/// rows of a block are split evenly into tiles. The order of additions for one element of C depends on the depth alone: any division of rows and
/// panels among threads gives the same bits.
/// </para>
/// <para>Error: that of a float32 sum over the depth, |error| ≤ depth · 2⁻²⁴ · Σ|a·b| at worst and about √depth of it as a rule.</para>
/// <para><see cref="GemmPlain"/> says the same in plain loops.</para>
/// </remarks>
internal static unsafe class GemmKernel
{
    /// <summary>Columns of a panel.</summary>
    public const int PanelWidth = Panel.Width;

    /// <summary>Longest part of the depth that is summed in registers: 32 columns of B then take 16 KiB, and shorter sums round less.</summary>
    public const int DepthBlock = 128;

    /// <summary>Floats of A that one thread keeps in the second-level cache: half of it.</summary>
    private static readonly int s_cachedA = (int)Math.Clamp(CacheSizes.Current.Second / 2 / sizeof(float), 16 << 10, 1 << 20);

    /// <summary>Number of panels of <paramref name="columns"/> columns.</summary>
    public static int Panels(int columns) => (columns + PanelWidth - 1) / PanelWidth;

    /// <summary>C[m, n] (+)= Σ over k &lt; depth of A[m, k]·B[k, n], for <paramref name="rows"/> rows and <paramref name="panels"/> panels of n.</summary>
    /// <param name="a">A [rows, depth] in panels along k.</param>
    /// <param name="aPanelStride">Floats between panels of A.</param>
    /// <param name="b">B [depth, n] in panels along n.</param>
    /// <param name="bPanelStride">Floats between panels of B.</param>
    /// <param name="c">C [rows, n] in panels along n; must not overlap A or B.</param>
    /// <param name="cPanelStride">Floats between panels of C.</param>
    /// <param name="rows">Rows of A and C, at least 0.</param>
    /// <param name="panels">Panels of B and C, at least 0.</param>
    /// <param name="depth">Length of the sums, at least 1.</param>
    /// <param name="accumulate">Whether the product is added to C or overwrites it.</param>
    public static void Multiply<V>(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        if (IsFew<V>(rows) && !accumulate)
        {
            MultiplyWeights<V, Float32Weights>(a, aPanelStride, (byte*)b, bPanelStride, c, cPanelStride, rows, panels, depth);
            return;
        }
        var depthBlocks = new EvenSplit(depth, DepthBlock, PanelWidth);
        var rowBlocks = new EvenSplit(rows, s_cachedA / Math.Min(depth, DepthBlock), 1);
        for (int m = 0; m < rows; m += rowBlocks.Length(m))
        {
            var tiles = new TileSplit(rowBlocks.Length(m), GemmTile.MaxHeight<V>());
            for (int k = 0; k < depth; k += depthBlocks.Length(k))
            {
                float* aBlock = a + k / PanelWidth * aPanelStride + m * PanelWidth;
                nint nextDepth = depthBlocks.Length(k) * PanelWidth - (panels - 1) * bPanelStride;
                for (int p = 0; p < panels; p++)
                    MultiplyBlock<V>(
                        aBlock, aPanelStride, b + p * bPanelStride + k * PanelWidth, p + 1 < panels ? bPanelStride : nextDepth,
                        c + p * cPanelStride + m * PanelWidth,
                        tiles, depthBlocks.Length(k), accumulate || k > 0);
            }
        }
    }

    /// <summary>
    /// As <see cref="Multiply{V}(float*, nint, float*, nint, float*, nint, int, int, int, bool)"/> for weights in a format of their own, and for few
    /// rows, which wait for the memory that the weights come from. The order of sums is the same.
    /// </summary>
    /// <param name="a">A [rows, depth] in panels along k.</param>
    /// <param name="aPanelStride">Floats between panels of A.</param>
    /// <param name="b">B [depth, n] in panels along n, of <typeparamref name="W"/>.</param>
    /// <param name="bPanelStride">Weights between panels of B.</param>
    /// <param name="c">C [rows, n] in panels along n.</param>
    /// <param name="cPanelStride">Floats between panels of C.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="panels">Panels of B and C.</param>
    /// <param name="depth">Length of the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyWeights<V, W>(
        float* a, nint aPanelStride, byte* b, nint bPanelStride, float* c, nint cPanelStride, int rows, int panels, int depth)
        where V : unmanaged, ISimd<V>
        where W : struct, IWeightFormat
    {
        var depthBlocks = new EvenSplit(depth, DepthBlock, PanelWidth);
        var tiles = new TileSplit(rows, GemmExpandedTile.MaxHeight<V>());
        bool few = IsFew<V>(rows);
        for (int k = 0; k < depth; k += depthBlocks.Length(k))
            for (int p = 0; p < panels; p++)
            {
                float* aBlock = a + k / PanelWidth * aPanelStride, cPanel = c + p * cPanelStride;
                byte* bBlock = b + (p * bPanelStride + k * PanelWidth) * W.Size;
                if (few)
                    MultiplyFew<V, W>(aBlock, aPanelStride, bBlock, cPanel, rows, depthBlocks.Length(k), accumulate: k > 0);
                else
                    ExpandedTiles<V, W>(tiles, aBlock, aPanelStride, bBlock, cPanel, depthBlocks.Length(k), accumulate: k > 0);
            }
    }

    /// <summary>Whether so few rows wait for the memory of B rather than for multiplications, and there are tiles as wide as a panel for them.</summary>
    private static bool IsFew<V>(int rows)
        where V : unmanaged, ISimd<V> => rows <= 3 * GemmPanelTile.MaxHeight<V>();

    // One block of one panel. Where its rows are one tile, memory is asked for shortly before it is needed. Where they are several, only the first
    // finds B not in the first-level cache: each asks for its share of the block that follows in memory, so that memory never rests.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFew<V, W>(float* a, nint aPanelStride, byte* b, float* c, int rows, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
        where W : struct, IWeightFormat
    {
        const int line = 64;
        var tiles = new EvenSplit(rows, GemmPanelTile.MaxHeight<V>(), 1);
        nint block = depth * PanelWidth * W.Size, linesEach = (GemmPanelTile.Steps * PanelWidth * W.Size / line + tiles.Count - 1) / tiles.Count;
        byte* stream = b + (tiles.Count == 1 ? W.PrefetchDistance : block);
        if (stream == b)
            linesEach = 0;
        for (int m = 0; m < rows; m += tiles.Length(m))
        {
            nint lines = stream < b + 2 * block ? linesEach : 0;
            GemmPanelTile.Rows<V, W>(
                tiles.Length(m), a + m * PanelWidth, aPanelStride, b, c + m * PanelWidth, depth, stream, lines, accumulate);
            stream += lines * line * (depth / GemmPanelTile.Steps);
        }
    }

    /// <summary>C[m, n] (+)= Σ over r &lt; depth of A[r, m]·B[r, n]: the gradient of a weight.</summary>
    /// <param name="a">A [depth, m] in panels along m.</param>
    /// <param name="aPanelStride">Floats between panels of A.</param>
    /// <param name="b">B [depth, n] in panels along n.</param>
    /// <param name="bPanelStride">Floats between panels of B.</param>
    /// <param name="c">C [m, n] in panels along n; must not overlap A or B.</param>
    /// <param name="cPanelStride">Floats between panels of C.</param>
    /// <param name="rows">Rows m of C, from column 0 of the first panel of A on; need not fill the last panel.</param>
    /// <param name="panels">Panels of B and C.</param>
    /// <param name="depth">Rows of A and B.</param>
    /// <param name="accumulate">Whether the product is added to C or overwrites it.</param>
    public static void MultiplyTransposed<V>(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        var depthBlocks = new EvenSplit(depth, DepthBlock, 1);
        var rowBlocks = new EvenSplit(rows, s_cachedA / Math.Min(depth, DepthBlock) / PanelWidth * PanelWidth, PanelWidth);
        TileSplit whole = new(PanelWidth, GemmTransposedTile.MaxHeight<V>()), rest = new(rows % PanelWidth, GemmTransposedTile.MaxHeight<V>());
        for (int first = 0; first < rows; first += rowBlocks.Length(first))
            for (int k = 0; k < depth; k += depthBlocks.Length(k))
                for (int p = 0; p < panels; p++)
                    for (int m = first; m < first + rowBlocks.Length(first); m += PanelWidth)
                        MultiplyTransposedBlock<V>(
                            a + m / PanelWidth * aPanelStride + k * PanelWidth,
                            b + p * bPanelStride + k * PanelWidth,
                            c + p * cPanelStride + m * PanelWidth,
                            rows - m >= PanelWidth ? whole : rest, depthBlocks.Length(k), accumulate || k > 0);
    }

    // One panel of columns: every tile of rows in turn, so that the panel of B stays in the first-level cache. bNext is the distance
    // in floats to the block of B that will be needed next. The tiles of the first 32 rows, or of all where there are fewer, prefetch it together.
    private static void MultiplyBlock<V>(
        float* a, nint aPanelStride, float* b, nint bNext, float* c, in TileSplit tiles, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        float* stream = b + bNext, streamEnd = stream + depth * PanelWidth;
        (int lines, int lineStep) = tiles.Fetching<V>();
        stream = GemmTile.Rows<V>(tiles.Tall, tiles.TallCount, a, aPanelStride, b, c, depth, stream, streamEnd, lines, lineStep, accumulate);
        if (tiles.ShortCount > 0)
            GemmTile.Rows<V>(
                tiles.Short, tiles.ShortCount, a + tiles.TallRows * PanelWidth, aPanelStride, b, c + tiles.TallRows * PanelWidth, depth,
                stream, streamEnd, lines, lineStep, accumulate);
    }

    private static void ExpandedTiles<V, W>(in TileSplit tiles, float* a, nint aPanelStride, byte* b, float* c, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
        where W : struct, IWeightFormat
    {
        GemmExpandedTile.Rows<V, W>(tiles.Tall, tiles.TallCount, a, aPanelStride, b, c, depth, null, null, 0, 0, accumulate);
        if (tiles.ShortCount > 0)
            GemmExpandedTile.Rows<V, W>(
                tiles.Short, tiles.ShortCount, a + tiles.TallRows * PanelWidth, aPanelStride, b, c + tiles.TallRows * PanelWidth, depth, null, null, 0, 0, accumulate);
    }

    // Each tile prefetches the place of the next one: a gradient is longer than any cache, and its sums may be short.
    private static void MultiplyTransposedBlock<V>(float* a, float* b, float* c, in TileSplit tiles, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        nint lines = tiles.NextLines<V>(depth);
        GemmTransposedTile.Rows<V>(tiles.Tall, tiles.TallCount, a, b, c, depth, lines, accumulate);
        if (tiles.ShortCount > 0)
            GemmTransposedTile.Rows<V>(
                tiles.Short, tiles.ShortCount, a + tiles.TallRows, b, c + tiles.TallRows * PanelWidth, depth, lines, accumulate);
    }
}
