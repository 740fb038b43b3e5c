using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Two-dimensional convolution, computed as cross-correlation (as in TensorFlow, PyTorch and Caffe), with bias.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="outputChannels">Number of kernels.</param>
/// <param name="kernelSize">Rows and columns of a kernel.</param>
/// <param name="stride">Step of the kernel in pixels.</param>
/// <param name="padding">Zeros around the input.</param>
/// <param name="groups">Number of groups of channels that are convolved separately (Krizhevsky et al. 2012, section 3.5).</param>
/// <param name="weightInitializer">Initial values of the kernels; null for <see cref="Initializer.He"/>.</param>
/// <param name="biasInitializer">Initial values of the bias; null for 0.</param>
public sealed class Conv2d(
    string name, int outputChannels, int kernelSize, int stride = 1, Padding padding = default, int groups = 1,
    Initializer? weightInitializer = null, Initializer? biasInitializer = null) : Layer(name)
{
    /// <summary>Number of kernels.</summary>
    public int OutputChannels { get; } = outputChannels;

    /// <summary>Rows and columns of a kernel.</summary>
    public int KernelSize { get; } = kernelSize;

    /// <summary>Step of the kernel in pixels.</summary>
    public int Stride { get; } = stride;

    /// <summary>Zeros around the input.</summary>
    internal Padding Padding { get; } = padding;

    /// <summary>Number of groups of channels that are convolved separately (Krizhevsky et al. 2012, section 3.5).</summary>
    internal int Groups { get; } = groups;

    /// <summary>Initial values of the kernels.</summary>
    internal Initializer WeightInitializer { get; } = weightInitializer ?? Initializer.He;

    /// <summary>Initial values of the bias.</summary>
    internal Initializer BiasInitializer { get; } = biasInitializer ?? Initializer.Constant(0);

    /// <summary>The same layer with what is given in place of its own.</summary>
    internal Conv2d With(int? outputChannels = null, Initializer? weight = null, Initializer? bias = null) =>
        new(Name, outputChannels ?? OutputChannels, KernelSize, Stride, Padding, Groups, weight ?? WeightInitializer, bias ?? BiasInitializer);

    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"{KernelSize}×{KernelSize}, {OutputChannels}")
        + (Stride == 1 ? "" : FormattableString.Invariant($", stride {Stride}"))
        + $", {Padding}"
        + (Groups == 1 ? "" : FormattableString.Invariant($", {Groups} groups"));

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input)
    {
        if (OutputChannels < 1)
            throw Refuse(FormattableString.Invariant($"the number of output channels is {OutputChannels}, but must be at least 1"));
        if (Groups < 1 || input.Channels % Groups != 0 || OutputChannels % Groups != 0)
            throw Refuse(FormattableString.Invariant(
                $"{Groups} groups must divide both the {input.Channels} input channels and the {OutputChannels} output channels"));
        Shape output = Slide(input, OutputChannels, KernelSize, Stride, Padding);
        int groupChannels = input.Channels / Groups;
        CheckWeight(
            (Int128)KernelSize * KernelSize * groupChannels * OutputChannels,
            FormattableString.Invariant($"{KernelSize} × {KernelSize} × {groupChannels} × {OutputChannels}"),
            "use fewer channels, a smaller kernel or more groups");
        return output;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<ParameterSpec> Parameters(Shape input) =>
    [
        new($"{Name}.weight", ParameterRole.ConvolutionWeight, [KernelSize, KernelSize, input.Channels / Groups, OutputChannels], WeightInitializer),
        new($"{Name}.bias", ParameterRole.Bias, [OutputChannels], BiasInitializer),
    ];

    /// <inheritdoc/>
    internal override long MultiplyAdds(Shape input) =>
        OutputShape(input).Length * KernelSize * KernelSize * (input.Channels / Groups);
}
