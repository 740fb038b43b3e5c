namespace AlexNetSharp.Kernels.Convolution;

/// <summary>What the caller will ask of a convolution, known when its plan is made.</summary>
/// <param name="Relu">The output is max(0, ·) of the convolution, and gradients are masked where the output is not positive.</param>
/// <param name="WeightGradient">Backward must give the gradients of weight and bias.</param>
/// <param name="InputGradient">Backward must give the gradient of the input.</param>
/// <param name="Precise">Only algorithms whose rounding error is that of direct convolution may be used.</param>
/// <param name="GradientMasked">The gradient of the output will already be 0 where the output is not positive, so backward need not look.</param>
internal readonly record struct ConvRequest(bool Relu, bool WeightGradient, bool InputGradient, bool Precise, bool GradientMasked = false)
{
    /// <summary>Threads that will compute: what is cut along them has no sum running over it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether backward has to mask the gradient of the output.</summary>
    public bool MaskGradient => Relu && !GradientMasked;

    /// <summary>Whether <see cref="Kernel.Backward"/> will be called at all.</summary>
    public bool Backward => WeightGradient || InputGradient;
}

/// <summary>One way to compute a convolution, made for one geometry and request by an entry of <see cref="ConvAlgorithms"/>.</summary>
/// <remarks>
/// output [n, oh, ow, oc] = relu(convolution(input [n, ih, iw, ic], weight [kh, kw, ic / groups, oc]) + bias). With
/// <see cref="ConvRequest.MaskGradient"/> the gradient of the output counts only where the output is positive.
/// </remarks>
internal abstract unsafe class ConvKernel(ConvGeometry geometry, ConvRequest request) : Kernel
{
    /// <summary>The sizes.</summary>
    public ConvGeometry Geometry { get; } = geometry;

    /// <summary>What was asked for.</summary>
    public ConvRequest Request { get; } = request;

    /// <summary>Multiplications that the algorithm really does in one forward call, transforms left out.</summary>
    public virtual long ForwardMultiplications => Geometry.MultiplyAdds;

    /// <summary>Floats of the output that a thread makes before it begins at another place, where it can hand rows over; else 0.</summary>
    public virtual long MapLength => 0;

    /// <summary>From now on <see cref="Kernel.Forward"/> does not write the output, but hands its rows over.</summary>
    /// <param name="consumer">What takes them.</param>
    /// <param name="maps">Memory for each thread.</param>
    /// <param name="mapStride">Floats from one thread's to the next, at least <see cref="MapLength"/>.</param>
    /// <exception cref="NotSupportedException"><see cref="MapLength"/> is 0.</exception>
    public virtual void HandRowsTo(IRowConsumer consumer, float* maps, long mapStride) => throw new NotSupportedException($"{Name} writes its output as a whole");

    public override bool WeightGradient => Request.WeightGradient;

    public override bool InputGradient => Request.InputGradient;

    public override bool BackwardReadsInput => Request.WeightGradient;

    public override bool BackwardReadsOutput => Request.MaskGradient;
}
