namespace AlexNetSharp.Formats;

/// <summary>Checks of shapes that come from files.</summary>
internal static class TensorShape
{
    /// <summary>More dimensions than any tensor here has.</summary>
    public const int MostDimensions = 16;

    /// <summary>Number of elements of a tensor of this shape.</summary>
    /// <exception cref="InvalidDataException">A size is negative, the product overflows, or there are too many dimensions.</exception>
    public static long Elements(string path, long offset, string name, ReadOnlySpan<long> shape)
    {
        if (shape.Length > MostDimensions)
            FormatError.Throw(path, offset, FormattableString.Invariant($"tensor {FormatError.Quote(name)} has {shape.Length} dimensions; at most {MostDimensions} are supported"));
        long elements = 1;
        foreach (long size in shape)
        {
            if (size < 0)
                FormatError.Throw(path, offset, $"tensor {FormatError.Quote(name)} has the shape {FormatError.Shape(shape)}; sizes cannot be negative");
            elements = Multiply(path, offset, name, elements, size);
        }
        return elements;
    }

    /// <summary>Bytes of <paramref name="elements"/> elements.</summary>
    /// <exception cref="InvalidDataException">The product overflows.</exception>
    public static long Bytes(string path, long offset, string name, long elements, TensorType type) =>
        Multiply(path, offset, name, elements, type.Size());

    private static long Multiply(string path, long offset, string name, long a, long b)
    {
        Int128 product = (Int128)a * b;
        if (product > long.MaxValue)
            FormatError.Throw(path, offset, $"the size of tensor {FormatError.Quote(name)} overflows 64 bits; the file is damaged");
        return (long)product;
    }
}
