namespace AlexNetSharp.Tensors;

/// <summary>Matrices in panels: what the kernels multiply, and how a fully connected weight is kept.</summary>
internal static class Panel
{
    /// <summary>Columns of a panel, whatever the vectors are: two of AVX-512.</summary>
    public const int Width = 32;
}
