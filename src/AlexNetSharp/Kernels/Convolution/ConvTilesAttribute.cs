namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Makes the source generator write the tile methods of direct convolution into the marked partial class.</summary>
/// <remarks>
/// As with <see cref="Gemm.GemmTilesAttribute"/>, the methods <c>Rows1</c> to <c>Rows<i>height</i></c> differ only in the number of their
/// accumulators, which must be named locals to live in registers.
/// </remarks>
/// <param name="maxHeight">Rows of the tallest tile.</param>
/// <param name="gradient">Whether the tile is of the gradient of the weight, or of the output.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ConvTilesAttribute(int maxHeight, bool gradient) : Attribute
{
    /// <summary>Rows of the tallest tile.</summary>
    public int MaxHeight { get; } = maxHeight;

    /// <summary>Whether the tile is of the gradient of the weight.</summary>
    public bool Gradient { get; } = gradient;
}
