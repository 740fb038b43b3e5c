using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>What the caller will ask of a convolution, known when its plan is made.</summary>
/// <param name="Relu">The output is max(0, ·) of the convolution, and gradients are masked where the output is not positive.</param>
/// <param name="WeightGradient">Backward must give the gradients of weight and bias.</param>
/// <param name="InputGradient">Backward must give the gradient of the input.</param>
/// <param name="Precise">Only algorithms whose rounding error is that of direct convolution may be used.</param>
/// <param name="GradientMasked">The gradient of the output will already be 0 where the output is not positive, so backward need not look.</param>
internal readonly record struct ConvRequest(bool Relu, bool WeightGradient, bool InputGradient, bool Precise, bool GradientMasked = false)
{
    /// <summary>Whether backward has to mask the gradient of the output.</summary>
    public bool MaskGradient => Relu && !GradientMasked;

    /// <summary>Whether <see cref="ConvAlgorithm.Backward"/> will be called at all.</summary>
    public bool Backward => WeightGradient || InputGradient;
}

/// <summary>One way to compute a convolution forward and backward, bound to one geometry and request.</summary>
/// <remarks>
/// <para>
/// Life: an entry of <see cref="ConvAlgorithms"/> accepts a geometry and makes the object; the plan reads the memory sizes, reserves
/// them in its arena and calls <see cref="Bind"/> once; then every step calls <see cref="PrepareWeight"/> (when the weights have
/// changed), <see cref="Forward"/> and <see cref="Backward"/>. None of these allocates.
/// </para>
/// <para>
/// Memory, both 64-byte aligned: <b>prepared weights</b> keep their content from <see cref="PrepareWeight"/> until the weights change;
/// <b>scratch</b> is shared with all other layers and holds nothing between calls.
/// </para>
/// <para>The result is the same bits for any number of threads.</para>
/// </remarks>
internal abstract unsafe class ConvAlgorithm(ConvGeometry geometry, ConvRequest request)
{
    // The threads, and the operands of the call in progress.
    private protected WorkerPool Pool = null!;
    private protected float* Weight, Input, Bias, Output, GradOutput, GradWeight, GradBias, GradInput;
    private protected bool Accumulate;

    /// <summary>The sizes.</summary>
    public ConvGeometry Geometry { get; } = geometry;

    /// <summary>What was asked for.</summary>
    public ConvRequest Request { get; } = request;

    /// <summary>Name for humans, with the tile: <c>winograd F(4×4, 5×5)</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Multiplications that the algorithm really does in one forward call, transforms left out.</summary>
    public virtual long ForwardMultiplications => Geometry.MultiplyAdds;

    /// <summary>Floats of prepared weights.</summary>
    public virtual long PreparedWeightLength => 0;

    /// <summary>Floats of scratch for a pool of <paramref name="threads"/> threads.</summary>
    public virtual long ScratchLength(int threads) => 0;

    /// <summary>Hands over the memory, once.</summary>
    public void Bind(WorkerPool pool, float* preparedWeight, float* scratch)
    {
        Pool = pool;
        OnBind(preparedWeight, scratch);
    }

    /// <summary>Transforms or packs <paramref name="weight"/> [kh, kw, ic / groups, oc] for the calls that follow, for backward too if it was requested.</summary>
    public void PrepareWeight(float* weight)
    {
        Weight = weight;
        OnPrepareWeight();
    }

    /// <summary>output = relu(convolution(input) + bias).</summary>
    /// <param name="input">[n, ih, iw, ic].</param>
    /// <param name="bias">[oc], or null for none.</param>
    /// <param name="output">[n, oh, ow, oc], overwritten; must not overlap the input.</param>
    public void Forward(float* input, float* bias, float* output)
    {
        Input = input;
        Bias = bias;
        Output = output;
        OnForward();
    }

    /// <summary>The gradients of weight, bias and input, from the gradient of the output.</summary>
    /// <param name="input">[n, ih, iw, ic] as in forward.</param>
    /// <param name="output">[n, oh, ow, oc] as forward left it; with <see cref="ConvRequest.MaskGradient"/> the gradient counts only where it is positive.</param>
    /// <param name="gradOutput">[n, oh, ow, oc].</param>
    /// <param name="gradWeight">[kh, kw, ic / groups, oc], or null.</param>
    /// <param name="gradBias">[oc], or null; given only with <paramref name="gradWeight"/>.</param>
    /// <param name="gradInput">[n, ih, iw, ic], overwritten, or null.</param>
    /// <param name="accumulate">Whether weight and bias gradients are added to what is there, or overwrite it.</param>
    /// <exception cref="InvalidOperationException">A gradient is asked for that was not requested, or that of the bias without that of the weight.</exception>
    public void Backward(
        float* input, float* output, float* gradOutput, float* gradWeight, float* gradBias, float* gradInput, bool accumulate)
    {
        if ((gradWeight != null && !Request.WeightGradient) || (gradInput != null && !Request.InputGradient)
            || (gradBias != null && gradWeight == null))
            throw new InvalidOperationException("This convolution was planned without the gradient that is asked for.");
        Input = input;
        Output = output;
        GradOutput = gradOutput;
        GradWeight = gradWeight;
        GradBias = gradBias;
        GradInput = gradInput;
        Accumulate = accumulate;
        OnBackward();
    }

    /// <summary>Takes note of where the memory lies.</summary>
    private protected abstract void OnBind(float* preparedWeight, float* scratch);

    /// <summary>Transforms or packs the weight.</summary>
    private protected virtual void OnPrepareWeight()
    {
    }

    /// <summary>Forward, of the operands in the fields.</summary>
    private protected abstract void OnForward();

    /// <summary>Backward, of the operands in the fields; only gradients that were requested are not null.</summary>
    private protected abstract void OnBackward();
}
