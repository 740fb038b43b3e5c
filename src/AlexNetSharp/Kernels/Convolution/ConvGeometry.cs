namespace AlexNetSharp.Kernels.Convolution;

/// <summary>All sizes of one two-dimensional convolution (cross-correlation) over a batch of NHWC images.</summary>
/// <remarks>
/// output[n, y, x, o] = bias[o] + Σ over ky, kx, c of input[n, y·stride + ky − padTop, x·stride + kx − padLeft, c] · weight[ky, kx, c, o],
/// where input outside the image is 0. With groups, output channel o of group g reads only the input channels of group g:
/// weight has shape [kernelHeight, kernelWidth, inputChannels / groups, outputChannels].
/// </remarks>
/// <param name="Batch">Images.</param>
/// <param name="InputHeight">Rows of the input.</param>
/// <param name="InputWidth">Columns of the input.</param>
/// <param name="InputChannels">Channels of the input.</param>
/// <param name="OutputHeight">Rows of the output.</param>
/// <param name="OutputWidth">Columns of the output.</param>
/// <param name="OutputChannels">Channels of the output.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="StrideHeight">Vertical step.</param>
/// <param name="StrideWidth">Horizontal step.</param>
/// <param name="PadTop">Rows of zeros above the input. What lies below follows from the output size.</param>
/// <param name="PadLeft">Columns of zeros to the left of the input.</param>
/// <param name="Groups">Groups into which both channel counts divide.</param>
internal readonly record struct ConvGeometry(
    int Batch,
    int InputHeight, int InputWidth, int InputChannels,
    int OutputHeight, int OutputWidth, int OutputChannels,
    int KernelHeight, int KernelWidth,
    int StrideHeight, int StrideWidth,
    int PadTop, int PadLeft,
    int Groups)
{
    /// <summary>Floats in the input.</summary>
    public long InputLength => (long)Batch * InputHeight * InputWidth * InputChannels;

    /// <summary>Floats in the output.</summary>
    public long OutputLength => (long)Batch * OutputHeight * OutputWidth * OutputChannels;

    /// <summary>Floats in the weight: kernelHeight · kernelWidth · (inputChannels / groups) · outputChannels.</summary>
    public long WeightLength => (long)KernelHeight * KernelWidth * (InputChannels / Groups) * OutputChannels;

    /// <summary>Multiply-adds of the direct convolution, padding included.</summary>
    public long MultiplyAdds => (long)Batch * OutputHeight * OutputWidth * WeightLength;
}
