namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>Makes the source generator derive the transforms of a Winograd tile from its points, exactly, and write them into the marked struct.</summary>
/// <param name="kernel">Taps r of the kernel in one dimension. With n points, the tile is F(n − r + 1, r).</param>
/// <param name="points">The points in order, as in <c>0, ∞, 1, -1, 1/2</c>; ∞ and 1 must be among them.</param>
[AttributeUsage(AttributeTargets.Struct)]
internal sealed class WinogradTileAttribute(int kernel, string points) : Attribute
{
    /// <summary>Taps of the kernel in one dimension.</summary>
    public int Kernel { get; } = kernel;

    /// <summary>The points in order.</summary>
    public string Points { get; } = points;
}
