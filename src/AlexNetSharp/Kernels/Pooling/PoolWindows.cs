namespace AlexNetSharp.Kernels.Pooling;

/// <summary>The rows (or columns) of the input that one row (or column) of windows covers: <paramref name="Start"/> to <paramref name="End"/> − 1.</summary>
/// <param name="Start">First position inside the input.</param>
/// <param name="End">One past the last position inside the input.</param>
/// <param name="Divisor">Positions that count when an average divides.</param>
internal readonly record struct PoolRange(int Start, int End, int Divisor);

/// <summary>Where the windows of a pooling layer lie in a batch of NHWC images.</summary>
/// <remarks>
/// All rules about sizes (VALID, SAME, padding, rounding up, adaptive windows, what an average divides by) end here:
/// the kernels see only ranges, one for each output row and column.
/// </remarks>
internal sealed class PoolWindows
{
    private PoolWindows(int batch, int inputHeight, int inputWidth, int channels, PoolRange[] rows, PoolRange[] columns)
    {
        (Batch, InputHeight, InputWidth, Channels, Rows, Columns) = (batch, inputHeight, inputWidth, channels, rows, columns);
        Check(rows, "row");
        Check(columns, "column");
    }

    /// <summary>Images.</summary>
    public int Batch { get; }

    /// <summary>Rows of the input.</summary>
    public int InputHeight { get; }

    /// <summary>Columns of the input.</summary>
    public int InputWidth { get; }

    /// <summary>Channels of input and output.</summary>
    public int Channels { get; }

    /// <summary>For each output row the input rows that its windows cover.</summary>
    public PoolRange[] Rows { get; }

    /// <summary>For each output column the input columns that its windows cover.</summary>
    public PoolRange[] Columns { get; }

    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Rows.Length;

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Columns.Length;

    /// <summary>Floats of one image of the input.</summary>
    public long InputImage => (long)InputHeight * InputWidth * Channels;

    /// <summary>Floats of one image of the output.</summary>
    public long OutputImage => (long)OutputHeight * OutputWidth * Channels;

    /// <summary>The output rows, From to To − 1, that the first <paramref name="rows"/> input rows suffice for, and the first <paramref name="before"/> do not.</summary>
    public (int From, int To) RowsBetween(int before, int rows)
    {
        int from = 0;
        while (from < Rows.Length && Rows[from].End <= before)
            from++;
        int to = from;
        while (to < Rows.Length && Rows[to].End <= rows)
            to++;
        return (from, to);
    }

    /// <summary>Windows of one size at a constant distance; the divisor is the number of positions inside the input.</summary>
    /// <param name="batch">Images.</param>
    /// <param name="inputHeight">Rows of the input.</param>
    /// <param name="inputWidth">Columns of the input.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="rows">Vertical windows.</param>
    /// <param name="columns">Horizontal windows.</param>
    /// <exception cref="ArgumentException">A window covers nothing of the input.</exception>
    public static PoolWindows Sliding(int batch, int inputHeight, int inputWidth, int channels, PoolAxis rows, PoolAxis columns) =>
        new(batch, inputHeight, inputWidth, channels, rows.Ranges(inputHeight), columns.Ranges(inputWidth));

    /// <summary>Windows that divide the input evenly: output row i covers ⌊i·H/h⌋ to ⌈(i + 1)·H/h⌉ − 1, as PyTorch's adaptive pooling does.</summary>
    /// <exception cref="ArgumentException">The input is empty.</exception>
    public static PoolWindows Adaptive(int batch, int inputHeight, int inputWidth, int channels, int outputHeight, int outputWidth) =>
        new(batch, inputHeight, inputWidth, channels, Even(inputHeight, outputHeight), Even(inputWidth, outputWidth));

    private static PoolRange[] Even(int input, int output)
    {
        var ranges = new PoolRange[output];
        for (long i = 0; i < output; i++)
        {
            int start = (int)(i * input / output), end = (int)(((i + 1) * input + output - 1) / output);
            ranges[i] = new PoolRange(start, end, end - start);
        }
        return ranges;
    }

    private static void Check(PoolRange[] ranges, string axis)
    {
        for (int i = 0; i < ranges.Length; i++)
            if (ranges[i].Start >= ranges[i].End)
                throw new ArgumentException(FormattableString.Invariant($"pooling window of output {axis} {i} covers nothing of the input"));
    }
}

/// <summary>Windows of one size at a constant distance along one axis.</summary>
/// <param name="Count">Windows, which is the size of the output; whether it was rounded down or up is the caller's choice.</param>
/// <param name="Kernel">Size of a window.</param>
/// <param name="Stride">Distance of two windows.</param>
/// <param name="PadBefore">Positions of padding before the input.</param>
/// <param name="PadAfter">Positions of padding after the input; matters only with <paramref name="CountPadding"/>.</param>
/// <param name="CountPadding">
/// Whether an average's divisor counts padding (PyTorch's <c>count_include_pad</c>, Caffe's rule) or only what lies inside the input
/// (TensorFlow's rule). What reaches beyond the padding, as a last window may when the output size was rounded up, never counts.
/// </param>
internal readonly record struct PoolAxis(int Count, int Kernel, int Stride, int PadBefore = 0, int PadAfter = 0, bool CountPadding = false)
{
    /// <summary>The range of each window in an input of size <paramref name="input"/>.</summary>
    public PoolRange[] Ranges(int input)
    {
        var ranges = new PoolRange[Count];
        for (int i = 0; i < Count; i++)
        {
            int first = i * Stride - PadBefore;
            int start = Math.Max(first, 0), end = Math.Min(first + Kernel, input);
            ranges[i] = new PoolRange(start, end, CountPadding ? Math.Min(first + Kernel, input + PadAfter) - first : end - start);
        }
        return ranges;
    }
}
