using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Two-dimensional convolution, computed as cross-correlation (as in TensorFlow, PyTorch and Caffe), with bias.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="outputChannels">Number of kernels.</param>
/// <param name="kernelSize">Rows and columns of a kernel.</param>
public sealed class Conv2d(string name, int outputChannels, int kernelSize) : Layer(name)
{
    /// <summary>Number of kernels.</summary>
    public int OutputChannels { get; } = outputChannels;

    /// <summary>Rows and columns of a kernel.</summary>
    public int KernelSize { get; } = kernelSize;

    /// <summary>Step of the kernel in pixels.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros around the input.</summary>
    public Padding Padding { get; init; }

    /// <summary>Number of groups of channels that are convolved separately (Krizhevsky et al. 2012, section 3.5).</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Initial values of the kernels.</summary>
    public Initializer WeightInitializer { get; init; } = Initializer.He;

    /// <summary>Initial values of the bias.</summary>
    public Initializer BiasInitializer { get; init; } = Initializer.Constant(0);

    /// <summary>The same layer with what is given in place of its own.</summary>
    internal Conv2d With(int? outputChannels = null, Initializer? weight = null, Initializer? bias = null) => new(Name, outputChannels ?? OutputChannels, KernelSize)
    {
        Stride = Stride,
        Padding = Padding,
        Groups = Groups,
        WeightInitializer = weight ?? WeightInitializer,
        BiasInitializer = bias ?? BiasInitializer,
    };

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
