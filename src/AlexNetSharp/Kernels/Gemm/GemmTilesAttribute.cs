namespace AlexNetSharp.Kernels.Gemm;

/// <summary>Makes the source generator write the tile methods of a matrix product into the marked partial class.</summary>
/// <remarks>
/// The methods <c>Rows1</c> to <c>Rows<i>height</i></c> and the dispatch <c>Rows(height, …)</c> differ only in the number of their
/// accumulators, which must be named locals: arrays of any kind fall to a third of the speed because they live in memory.
/// </remarks>
/// <param name="maxHeight">Rows of the tallest tile.</param>
/// <param name="transposed">
/// Where the values of A lie that meet row k of B: false, down one column of a panel (kernel 1); true, along one row of it (kernel 2).
/// </param>
/// <param name="expanded">Whether B holds weights of an <see cref="IWeightFormat"/> that are expanded as they are loaded.</param>
/// <param name="wholePanel">Whether a tile is a whole panel wide instead of two vectors.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class GemmTilesAttribute(int maxHeight, bool transposed, bool expanded = false, bool wholePanel = false) : Attribute
{
    /// <summary>Rows of the tallest tile.</summary>
    public int MaxHeight { get; } = maxHeight;

    /// <summary>Whether A is read transposed.</summary>
    public bool Transposed { get; } = transposed;

    /// <summary>Whether B holds weights that are expanded as they are loaded.</summary>
    public bool Expanded { get; } = expanded;

    /// <summary>Whether a tile is a whole panel wide.</summary>
    public bool WholePanel { get; } = wholePanel;
}
