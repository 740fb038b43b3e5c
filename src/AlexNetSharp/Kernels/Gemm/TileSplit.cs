using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Gemm;

/// <summary>Rows of a block cut into the fewest tiles by <see cref="EvenSplit"/>: tall ones first, then those that are a row shorter.</summary>
internal readonly struct TileSplit
{
    /// <summary>Floats of a cache line.</summary>
    private const int Line = 16;

    /// <summary>Rows of B for which tiles count what they prefetch.</summary>
    private const int Eight = 8;

    /// <summary>Cuts <paramref name="rows"/> rows, at least 0, into tiles of at most <paramref name="maxHeight"/>.</summary>
    public TileSplit(int rows, int maxHeight)
    {
        var parts = new EvenSplit(rows, maxHeight, 1);
        Tall = parts.Length(0);
        ShortCount = Tall * parts.Count - rows;
        TallCount = Tall > 0 ? parts.Count - ShortCount : 0;
    }

    /// <summary>Height of the first tiles.</summary>
    public int Tall { get; }

    /// <summary>Number of tall tiles; 0 only where there are no rows.</summary>
    public int TallCount { get; }

    /// <summary>Height of the tiles after them.</summary>
    public int Short => Tall - 1;

    /// <summary>Number of short tiles.</summary>
    public int ShortCount { get; }

    /// <summary>Rows of all tall tiles together.</summary>
    public int TallRows => Tall * TallCount;

    /// <summary>
    /// Cache lines of the next block of B that a tile prefetches for every eight rows of this one, so that the tiles of the first 32 rows, or of all
    /// where there are fewer, fetch it together; and the floats between them. A tile that is alone leaves every other line to the processor, which fetches
    /// lines in pairs.
    /// </summary>
    public (int Lines, int Step) Fetching<V>()
        where V : unmanaged, ISimd<V>
    {
        int tiles = Math.Clamp(DivideUp(GemmKernel.PanelWidth, Tall), 1, TallCount + ShortCount);
        int lines = DivideUp(Eight * GemmKernel.PanelWidth / Line, tiles * TilesOfPanel<V>());
        return lines > Eight ? (DivideUp(lines, 2), 2 * Line) : (lines, Line);
    }

    /// <summary>Cache lines of the results of the next tile that a tile prefetches for every eight of <paramref name="depth"/> rows of B.</summary>
    public int NextLines<V>(int depth)
        where V : unmanaged, ISimd<V> => DivideUp(Tall * GemmKernel.PanelWidth / Line * Eight, depth * TilesOfPanel<V>());

    /// <summary>Tiles of two vectors beside one another.</summary>
    private static int TilesOfPanel<V>()
        where V : unmanaged, ISimd<V> => GemmKernel.PanelWidth / (2 * V.Count);

    private static int DivideUp(int a, int b) => (a + b - 1) / b;
}
