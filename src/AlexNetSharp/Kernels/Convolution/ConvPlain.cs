using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Convolution as its formula says, loop by loop: the readable definition, and the last entry of <see cref="ConvAlgorithms"/>.</summary>
/// <remarks>Accepts every geometry. One image (forward, input gradient) or one output channel (weight gradient) is a piece of work.</remarks>
internal sealed unsafe class ConvPlain : ConvKernel
{
    private readonly Job _forward, _backwardWeight, _backwardInput;
    private bool _accumulate;

    /// <summary>Takes any geometry.</summary>
    public ConvPlain(ConvGeometry geometry, ConvRequest request)
        : base(geometry, request) => (_forward, _backwardWeight, _backwardInput) = (ForwardImage, BackwardChannel, BackwardImage);

    public override string Name => "plain loops";

    public override void Forward() => Pool.Run(_forward, Geometry.Batch);

    public override void Backward(bool accumulate)
    {
        _accumulate = accumulate;
        if (GradWeight != null)
            Pool.Run(_backwardWeight, Geometry.OutputChannels);
        if (GradInput != null)
            Pool.Run(_backwardInput, Geometry.Batch);
    }

    /// <summary>Index of input[n, y, x, 0], or −1 outside the image.</summary>
    private long InputAt(int n, int y, int x)
    {
        ConvGeometry g = Geometry;
        return y < 0 || y >= g.InputHeight || x < 0 || x >= g.InputWidth
            ? -1
            : (((long)n * g.InputHeight + y) * g.InputWidth + x) * g.InputChannels;
    }

    private float MaskedGradient(long i) => Request.MaskGradient && !(Output[i] > 0) ? 0 : GradOutput[i];

    private void ForwardImage(int n, int worker)
    {
        ConvGeometry g = Geometry;
        int ics = g.InputChannels / g.Groups, ocs = g.OutputChannels / g.Groups;
        for (int oy = 0; oy < g.OutputHeight; oy++)
            for (int ox = 0; ox < g.OutputWidth; ox++)
            {
                float* output = Output + (((long)n * g.OutputHeight + oy) * g.OutputWidth + ox) * g.OutputChannels;
                for (int o = 0; o < g.OutputChannels; o++)
                    output[o] = Bias == null ? 0 : Bias[o];
                for (int ky = 0; ky < g.KernelHeight; ky++)
                    for (int kx = 0; kx < g.KernelWidth; kx++)
                    {
                        long at = InputAt(n, oy * g.StrideHeight + ky - g.PadTop, ox * g.StrideWidth + kx - g.PadLeft);
                        if (at < 0)
                            continue;
                        for (int ic = 0; ic < ics; ic++)
                            for (int group = 0; group < g.Groups; group++)
                            {
                                float value = Input[at + group * ics + ic];
                                float* weight = Weight + ((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels;
                                for (int o = group * ocs; o < (group + 1) * ocs; o++)
                                    output[o] += value * weight[o];
                            }
                    }
                if (Request.Relu)
                    for (int o = 0; o < g.OutputChannels; o++)
                        output[o] = output[o] < 0 ? 0 : output[o];
            }
    }

    private void BackwardChannel(int o, int worker)
    {
        ConvGeometry g = Geometry;
        int ics = g.InputChannels / g.Groups, group = o / (g.OutputChannels / g.Groups);
        long pixels = (long)g.Batch * g.OutputHeight * g.OutputWidth;
        if (!_accumulate)
            for (long i = o; i < g.WeightLength; i += g.OutputChannels)
                GradWeight[i] = 0;
        float bias = _accumulate && GradBias != null ? GradBias[o] : 0;
        for (long p = 0; p < pixels; p++)
        {
            float gradient = MaskedGradient(p * g.OutputChannels + o);
            bias += gradient;
            if (gradient == 0)
                continue;
            (long row, long ox) = Math.DivRem(p, g.OutputWidth);
            (long n, long oy) = Math.DivRem(row, g.OutputHeight);
            for (int ky = 0; ky < g.KernelHeight; ky++)
                for (int kx = 0; kx < g.KernelWidth; kx++)
                {
                    long at = InputAt((int)n, (int)oy * g.StrideHeight + ky - g.PadTop, (int)ox * g.StrideWidth + kx - g.PadLeft);
                    if (at < 0)
                        continue;
                    for (int ic = 0; ic < ics; ic++)
                        GradWeight[((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels + o]
                            += gradient * Input[at + group * ics + ic];
                }
        }
        if (GradBias != null)
            GradBias[o] = bias;
    }

    private void BackwardImage(int n, int worker)
    {
        ConvGeometry g = Geometry;
        int ics = g.InputChannels / g.Groups, ocs = g.OutputChannels / g.Groups;
        long image = (long)g.InputHeight * g.InputWidth * g.InputChannels;
        for (long i = n * image; i < (n + 1) * image; i++)
            GradInput[i] = 0;
        for (int oy = 0; oy < g.OutputHeight; oy++)
            for (int ox = 0; ox < g.OutputWidth; ox++)
            {
                long output = (((long)n * g.OutputHeight + oy) * g.OutputWidth + ox) * g.OutputChannels;
                for (int ky = 0; ky < g.KernelHeight; ky++)
                    for (int kx = 0; kx < g.KernelWidth; kx++)
                    {
                        long at = InputAt(n, oy * g.StrideHeight + ky - g.PadTop, ox * g.StrideWidth + kx - g.PadLeft);
                        if (at < 0)
                            continue;
                        for (int group = 0; group < g.Groups; group++)
                            for (int ic = 0; ic < ics; ic++)
                            {
                                float* weight = Weight + ((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels;
                                float sum = 0;
                                for (int o = group * ocs; o < (group + 1) * ocs; o++)
                                    sum += MaskedGradient(output + o) * weight[o];
                                GradInput[at + group * ics + ic] += sum;
                            }
                    }
            }
    }
}
