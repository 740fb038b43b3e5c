using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// The tiles. All points come from one sequence, 0, ∞, ±1, ±2, ±½: a smaller tile has the first of a larger one's, so both use the
// same transformed weights. Eight points are the most that float32 bears (docs/winograd.md).

/// <summary>F(2, 3).</summary>
[WinogradTile(3, "0, ∞, 1, -1")]
internal readonly partial struct F2x3 : IWinogradTile;

/// <summary>F(3, 3).</summary>
[WinogradTile(3, "0, ∞, 1, -1, 2")]
internal readonly partial struct F3x3 : IWinogradTile;

/// <summary>F(4, 3).</summary>
[WinogradTile(3, "0, ∞, 1, -1, 2, -2")]
internal readonly partial struct F4x3 : IWinogradTile;

/// <summary>F(5, 3).</summary>
[WinogradTile(3, "0, ∞, 1, -1, 2, -2, 1/2")]
internal readonly partial struct F5x3 : IWinogradTile;

/// <summary>F(6, 3).</summary>
[WinogradTile(3, "0, ∞, 1, -1, 2, -2, 1/2, -1/2")]
internal readonly partial struct F6x3 : IWinogradTile;

/// <summary>F(2, 5).</summary>
[WinogradTile(5, "0, ∞, 1, -1, 2, -2")]
internal readonly partial struct F2x5 : IWinogradTile;

/// <summary>F(3, 5).</summary>
[WinogradTile(5, "0, ∞, 1, -1, 2, -2, 1/2")]
internal readonly partial struct F3x5 : IWinogradTile;

/// <summary>F(4, 5).</summary>
[WinogradTile(5, "0, ∞, 1, -1, 2, -2, 1/2, -1/2")]
internal readonly partial struct F4x5 : IWinogradTile;

/// <summary>Which tiles there are, and their passes.</summary>
internal static class WinogradTiles
{
    /// <summary>Most points of any tile.</summary>
    public const int MaxPoints = 8;

    /// <summary>Index of the point 1 in every tile.</summary>
    public const int PointOne = 2;

    /// <summary>The smallest tile's outputs, for both kernels.</summary>
    public const int MinOutputs = 2;

    /// <summary>The largest tile's outputs for kernels of 3 or 5 taps.</summary>
    public static int MaxOutputs(int kernel) => MaxPoints + 1 - kernel;

    /// <summary>The passes of F(<paramref name="outputs"/>, <paramref name="kernel"/>) on vectors <typeparamref name="V"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such tile.</exception>
    public static TilePasses Passes<V>(int outputs, int kernel)
        where V : unmanaged, ISimd<V> => (outputs, kernel) switch
        {
            (2, 3) => new TilePasses<F2x3, V>(),
            (3, 3) => new TilePasses<F3x3, V>(),
            (4, 3) => new TilePasses<F4x3, V>(),
            (5, 3) => new TilePasses<F5x3, V>(),
            (6, 3) => new TilePasses<F6x3, V>(),
            (2, 5) => new TilePasses<F2x5, V>(),
            (3, 5) => new TilePasses<F3x5, V>(),
            (4, 5) => new TilePasses<F4x5, V>(),
            _ => throw new ArgumentOutOfRangeException(nameof(outputs), $"There is no tile F({outputs}, {kernel})."),
        };
}
