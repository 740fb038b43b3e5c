using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Max pooling, per channel. In the backward pass the first maximum of a window receives the gradient.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="kernelSize">Rows and columns of the window.</param>
/// <param name="stride">Step of the window in pixels.</param>
/// <param name="padding">Padding around the input; padded positions are never the maximum.</param>
/// <param name="roundUp">Whether the output size is rounded up, so that the last window may lie only partly inside the input (as in cuda-convnet and Caffe; PyTorch's <c>ceil_mode</c>).</param>
public sealed class MaxPool2d(string name, int kernelSize, int stride, Padding padding = default, bool roundUp = false) : Layer(name)
{
    /// <summary>Rows and columns of the window.</summary>
    public int KernelSize { get; } = kernelSize;

    /// <summary>Step of the window in pixels.</summary>
    public int Stride { get; } = stride;

    /// <summary>Padding around the input; padded positions are never the maximum.</summary>
    internal Padding Padding { get; } = padding;

    /// <summary>Whether the output size is rounded up, so that the last window may lie only partly inside the input (as in cuda-convnet and Caffe; PyTorch's <c>ceil_mode</c>).</summary>
    internal bool RoundUp { get; } = roundUp;

    /// <inheritdoc/>
    private protected override string Describe() => PoolingText.Describe("max", KernelSize, Stride, Padding, RoundUp);

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => SlidePool(input, KernelSize, Stride, Padding, RoundUp);
}

/// <summary>Average pooling, per channel, over the part of the window that lies inside the padded input.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="kernelSize">Rows and columns of the window.</param>
/// <param name="stride">Step of the window in pixels.</param>
/// <param name="padding">Zeros around the input.</param>
/// <param name="roundUp">Whether the output size is rounded up, so that the last window may lie only partly inside the input (as in cuda-convnet and Caffe; PyTorch's <c>ceil_mode</c>).</param>
/// <param name="countPadding">Whether the zeros of the padding count in the divisor (PyTorch's <c>count_include_pad</c>, and Caffe's rule).</param>
public sealed class AvgPool2d(string name, int kernelSize, int stride, Padding padding = default, bool roundUp = false, bool countPadding = true) : Layer(name)
{
    /// <summary>Rows and columns of the window.</summary>
    public int KernelSize { get; } = kernelSize;

    /// <summary>Step of the window in pixels.</summary>
    public int Stride { get; } = stride;

    /// <summary>Zeros around the input.</summary>
    internal Padding Padding { get; } = padding;

    /// <summary>Whether the output size is rounded up, so that the last window may lie only partly inside the input (as in cuda-convnet and Caffe; PyTorch's <c>ceil_mode</c>).</summary>
    internal bool RoundUp { get; } = roundUp;

    /// <summary>Whether the zeros of the padding count in the divisor (PyTorch's <c>count_include_pad</c>, and Caffe's rule).</summary>
    internal bool CountPadding { get; } = countPadding;

    /// <inheritdoc/>
    private protected override string Describe() => PoolingText.Describe("average", KernelSize, Stride, Padding, RoundUp);

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => SlidePool(input, KernelSize, Stride, Padding, RoundUp);
}

/// <summary>
/// Average pooling to a given output size: row i covers floor(i·H/h) to ceil((i+1)·H/h), columns likewise
/// (PyTorch's <c>AdaptiveAvgPool2d</c>).
/// </summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="outputHeight">Rows of the output.</param>
/// <param name="outputWidth">Columns of the output.</param>
public sealed class AdaptiveAvgPool2d(string name, int outputHeight, int outputWidth) : Layer(name)
{
    /// <summary>Rows of the output.</summary>
    internal int OutputHeight { get; } = outputHeight;

    /// <summary>Columns of the output.</summary>
    internal int OutputWidth { get; } = outputWidth;

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
