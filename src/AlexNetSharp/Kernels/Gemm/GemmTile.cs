namespace AlexNetSharp.Kernels.Gemm;

/// <summary>Micro-kernel 1: a few rows of C, two vectors wide, held in registers over the whole depth.</summary>
/// <remarks>
/// <para>
/// c[32·i + j] (+)= Σ over k &lt; depth of a[(k / 32)·aPanelStride + 32·i + k % 32] · b[32·k + j], for i &lt; height and
/// j &lt; 2·V.Count. So a and c point at the first row of the tile, b and c at its first column.
/// </para>
/// <para>
/// Registers: 2·height accumulators, 2 for the row of B, 1 for the value of A: 13 rows fill 29 of 32, 6 rows 15 of 16. (A fourteenth row would exceed what
/// the compiler inlines in one method: the last stores become calls.)
/// The loop prefetches the next panel of A (its block of 32·height floats, or that of the next tile, which is assumed to follow)
/// and, from <c>stream</c> to <c>streamEnd</c>, what the caller will need next: <c>lines</c> cache lines for every eight rows of B, <c>lineStep</c> floats apart.
/// A call computes <c>count</c> tiles below one another, as wide as the panel, and returns where the next call goes on prefetching.
/// </para>
/// </remarks>
[GemmTiles(maxHeight: 13, transposed: false)]
internal static partial class GemmTile;

/// <summary>Micro-kernel 1 with B in a narrower <see cref="IWeightFormat"/>, expanded as it is loaded; sums are float32 all the same.</summary>
[GemmTiles(maxHeight: 13, transposed: false, expanded: true)]
internal static partial class GemmExpandedTile;

/// <summary>Micro-kernel 3: a few rows of C as wide as a panel, for products that wait for the memory that B comes from.</summary>
/// <remarks>
/// <para>
/// The same formula and order of sums as <see cref="GemmTile"/>, for all columns of a panel at once, so that B is read front to back and once. Two
/// vectors wide, a tile would leave every other cache line of a panel to the next walk where vectors are shorter than half a panel.
/// </para>
/// <para>From <c>stream</c> on it prefetches <c>lines</c> cache lines at every fourth row of B.</para>
/// <para>Registers: height · 32 / V.Count accumulators, a value of A for each row, one vector of B: 3 rows of 8 lanes fill all 16.</para>
/// </remarks>
[GemmTiles(maxHeight: 3, transposed: false, expanded: true, wholePanel: true)]
internal static partial class GemmPanelTile;

/// <summary>Micro-kernel 2: as <see cref="GemmTile"/> with A transposed, for gradients of weights.</summary>
/// <remarks>
/// c[32·i + j] (+)= Σ over k &lt; depth of a[32·k + i] · b[32·k + j], for i &lt; height and j &lt; 2·V.Count.
/// A tile must not cross a panel of A.
/// </remarks>
[GemmTiles(maxHeight: 13, transposed: true)]
internal static partial class GemmTransposedTile;
