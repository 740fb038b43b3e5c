namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>One dimension of the output cut into tiles of at most two sizes, the smaller ones first.</summary>
/// <remarks>The last tile may reach beyond the output. Where there is only one size it counts as small.</remarks>
/// <param name="Kernel">Taps r of the tiles, 3 or 5.</param>
/// <param name="Small">Outputs of a small tile.</param>
/// <param name="Large">Outputs of a large tile, at least those of a small one.</param>
/// <param name="SmallCount">Small tiles.</param>
/// <param name="LargeCount">Large tiles.</param>
internal readonly record struct TileAxis(int Kernel, int Small, int Large, int SmallCount, int LargeCount)
{
    /// <summary>Number of tiles.</summary>
    public int Tiles => SmallCount + LargeCount;

    /// <summary>Outputs covered.</summary>
    public int Length => SmallCount * Small + LargeCount * Large;

    /// <summary>Points of a small tile.</summary>
    public int SmallPoints => Small + Kernel - 1;

    /// <summary>Points of the largest tile that occurs.</summary>
    public int MaxPoints => (LargeCount > 0 ? Large : Small) + Kernel - 1;

    /// <summary>Points of all tiles together.</summary>
    public int TotalPoints => SmallCount * SmallPoints + LargeCount * (Large + Kernel - 1);

    /// <summary>Whether tile <paramref name="index"/> is a large one.</summary>
    public bool IsLarge(int index) => index >= SmallCount;

    /// <summary>First output of tile <paramref name="index"/>.</summary>
    public int Start(int index) => IsLarge(index) ? SmallCount * Small + (index - SmallCount) * Large : index * Small;

    /// <summary>Outputs of tile <paramref name="index"/>.</summary>
    public int Size(int index) => IsLarge(index) ? Large : Small;

    /// <summary>The tile sizes as text: <c>4+5</c>.</summary>
    public string Sizes => LargeCount == 0 ? $"{Small}" : $"{Small}+{Large}";

    /// <summary>For each pair of sizes the division of <paramref name="length"/> outputs with the fewest points, then the fewest tiles.</summary>
    public static IEnumerable<TileAxis> Candidates(int length, int kernel)
    {
        int largest = WinogradTiles.MaxOutputs(kernel);
        for (int small = WinogradTiles.MinOutputs; small <= largest; small++)
        {
            yield return new TileAxis(kernel, small, small, (length + small - 1) / small, 0);
            for (int large = small + 1; large <= largest; large++)
            {
                TileAxis? best = null;
                for (int count = 1; (count - 1) * large < length; count++)
                {
                    int rest = Math.Max(0, length - count * large);
                    var axis = new TileAxis(kernel, small, large, (rest + small - 1) / small, count);
                    if (axis.SmallCount > 0 && (best is not { } b || (axis.TotalPoints, axis.Tiles).CompareTo((b.TotalPoints, b.Tiles)) < 0))
                        best = axis;
                }
                if (best is { } found)
                    yield return found;
            }
        }
    }
}
