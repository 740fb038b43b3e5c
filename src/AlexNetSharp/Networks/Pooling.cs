using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>The largest value of each window, channel by channel. In backward the first maximum of a window gets the gradient.</summary>
/// <param name="Name">Name, unique in its network.</param>
/// <param name="KernelSize">Rows and columns of the window.</param>
/// <param name="Stride">Pixels from one window to the next.</param>
public sealed record MaxPool2d(string Name, int KernelSize, int Stride) : Layer(Name)
{
    /// <summary>Positions around the input; they never win.</summary>
    public Padding Padding { get; init; }

    /// <summary>Whether a last window that lies only partly inside the input counts (cuda-convnet and Caffe round the output size up).</summary>
    public bool RoundUp { get; init; }

    /// <inheritdoc/>
    private protected override string Describe() => PoolingText.Describe("max", KernelSize, Stride, Padding, RoundUp);

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => SlidePool(input, KernelSize, Stride, Padding, RoundUp);
}

/// <summary>The mean of each window, channel by channel, over the part of the window that lies inside the padded input.</summary>
/// <param name="Name">Name, unique in its network.</param>
/// <param name="KernelSize">Rows and columns of the window.</param>
/// <param name="Stride">Pixels from one window to the next.</param>
public sealed record AvgPool2d(string Name, int KernelSize, int Stride) : Layer(Name)
{
    /// <summary>Zeros around the input.</summary>
    public Padding Padding { get; init; }

    /// <summary>Whether a last window that lies only partly inside the input counts (cuda-convnet and Caffe round the output size up).</summary>
    public bool RoundUp { get; init; }

    /// <summary>Whether the zeros of the padding count in the divisor (PyTorch's <c>count_include_pad</c>, and Caffe's rule).</summary>
    public bool CountPadding { get; init; } = true;

    /// <inheritdoc/>
    private protected override string Describe() => PoolingText.Describe("average", KernelSize, Stride, Padding, RoundUp);

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => SlidePool(input, KernelSize, Stride, Padding, RoundUp);
}

/// <summary>
/// The mean of windows whose sizes follow from the wanted output: row i covers floor(i·H/h) to ceil((i+1)·H/h), columns alike
/// (PyTorch's <c>AdaptiveAvgPool2d</c>).
/// </summary>
/// <param name="Name">Name, unique in its network.</param>
/// <param name="OutputHeight">Rows of the output.</param>
/// <param name="OutputWidth">Columns of the output.</param>
public sealed record AdaptiveAvgPool2d(string Name, int OutputHeight, int OutputWidth) : Layer(Name)
{
    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"average to {OutputHeight}×{OutputWidth}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input)
    {
        if (input.IsVector)
            throw Refuse($"needs a map of height × width × channels, but its input is the vector {input}");
        if (OutputHeight < 1 || OutputWidth < 1)
            throw Refuse(FormattableString.Invariant($"its output of {OutputHeight}×{OutputWidth} must be at least 1×1"));
        return new Shape(OutputHeight, OutputWidth, input.Channels);
    }
}

/// <summary>The text of a pooling layer in tables.</summary>
internal static class PoolingText
{
    public static string Describe(string kind, int kernelSize, int stride, Padding padding, bool roundUp) =>
        FormattableString.Invariant($"{kind} {kernelSize}×{kernelSize}, stride {stride}, {padding}") + (roundUp ? ", rounded up" : "");
}
