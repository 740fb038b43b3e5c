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
/// <param name="bfloat16">Whether B holds bfloat16 numbers.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class GemmTilesAttribute(int maxHeight, bool transposed, bool bfloat16 = false) : Attribute
{
    /// <summary>Rows of the tallest tile.</summary>
    public int MaxHeight { get; } = maxHeight;

    /// <summary>Whether A is read transposed.</summary>
    public bool Transposed { get; } = transposed;

    /// <summary>Whether B holds bfloat16 numbers.</summary>
    public bool BFloat16 { get; } = bfloat16;
}
