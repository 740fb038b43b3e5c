namespace AlexNetSharp.Networks;

/// <summary>Zeros around the input of a convolution or pooling layer: VALID (none), SAME as TensorFlow defines it, or explicit sizes.</summary>
public readonly struct Padding
{
    private Padding(bool isSame, int top, int bottom, int left, int right) =>
        (IsSame, Top, Bottom, Left, Right) = (isSame, top, bottom, left, right);

    /// <summary>No padding: an output exists only where the whole window lies inside the input. The default.</summary>
    public static Padding Valid => default;

    /// <summary>
    /// The output has ceil(input / stride) positions; the padding is split evenly, with any odd row or column at the end
    /// (TensorFlow, <c>tf.nn.conv2d</c>: "SAME").
    /// </summary>
    public static Padding Same => new(true, 0, 0, 0, 0);

    /// <summary>Whether this is <see cref="Same"/>.</summary>
    internal bool IsSame { get; }

    /// <summary>Explicit rows of zeros above.</summary>
    internal int Top { get; }

    /// <summary>Explicit rows of zeros below.</summary>
    internal int Bottom { get; }

    /// <summary>Explicit columns of zeros to the left.</summary>
    internal int Left { get; }

    /// <summary>Explicit columns of zeros to the right.</summary>
    internal int Right { get; }

    /// <summary>Whether this is <see cref="Valid"/>.</summary>
    internal bool IsValid => IsEven && Top == 0;

    /// <summary>Whether this is <see cref="All"/> of some size.</summary>
    internal bool IsEven => !IsSame && Top == Bottom && Left == Right && Top == Left;

    /// <summary><paramref name="size"/> zeros on every side, as PyTorch and Caffe write padding.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is negative.</exception>
    public static Padding All(int size) => Explicit(size, size, size, size);

    /// <summary>The given number of zeros on each side.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    public static Padding Explicit(int top, int bottom, int left, int right)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfNegative(bottom);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        return new(false, top, bottom, left, right);
    }

    /// <summary>The window positions along the rows of an input.</summary>
    /// <param name="input">Rows of the input.</param>
    /// <param name="kernel">Rows of the window.</param>
    /// <param name="stride">Rows from one window to the next.</param>
    /// <param name="roundUp">Whether a last window that only begins inside the input counts too (Caffe's pooling); without meaning for <see cref="Same"/>.</param>
    internal WindowSpan Vertical(int input, int kernel, int stride, bool roundUp = false) =>
        Positions(input, kernel, stride, Top, Bottom, roundUp);

    /// <summary>The window positions along the columns of an input; the parameters as for <see cref="Vertical"/>.</summary>
    internal WindowSpan Horizontal(int input, int kernel, int stride, bool roundUp = false) =>
        Positions(input, kernel, stride, Left, Right, roundUp);

    private WindowSpan Positions(int input, int kernel, int stride, int before, int after, bool roundUp)
    {
        if (IsSame)
        {
            int output = (int)(((long)input + stride - 1) / stride);
            long total = Math.Max((output - 1L) * stride + kernel - input, 0);
            return new(output, (int)(total / 2), (int)(total - total / 2));
        }
        long room = (long)input + before + after - kernel;
        if (room < 0)
            return new(0, before, after);
        long steps = room / stride;
        // A window that begins in the padding behind the input would see no pixel at all.
        if (roundUp && room % stride != 0 && (steps + 1) * stride < (long)input + before)
            steps++;
        return new(checked((int)steps + 1), before, after);
    }

    /// <summary>Short text for tables: <c>SAME</c>, <c>VALID</c>, <c>padding 2</c> or <c>padding 3,4,3,4</c> (top, bottom, left, right).</summary>
    public override string ToString() =>
        IsSame ? "SAME"
        : IsValid ? "VALID"
        : IsEven ? FormattableString.Invariant($"padding {Top}")
        : FormattableString.Invariant($"padding {Top},{Bottom},{Left},{Right}");
}

/// <summary>Window positions along one axis.</summary>
/// <param name="Count">Number of positions; 0 where no window fits.</param>
/// <param name="Before">Zeros before the first input element.</param>
/// <param name="After">Zeros after the last.</param>
internal readonly record struct WindowSpan(int Count, int Before, int After);
