using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Convolution as its formula says, loop by loop: the readable definition, and the last entry of <see cref="ConvAlgorithms"/>.</summary>
/// <remarks>Accepts every geometry. One image (forward, input gradient) or one output channel (weight gradient) is a piece of work.</remarks>
internal sealed unsafe class ConvPlain(ConvGeometry geometry, ConvRequest request) : ConvAlgorithm(geometry, request)
{
    private Job _forward = null!, _backwardWeight = null!, _backwardInput = null!;

    public override string Name => "plain loops";

    private protected override void OnBind(float* preparedWeight, float* scratch)
    {
        _forward = new ForwardJob(this);
        _backwardWeight = new BackwardWeightJob(this);
        _backwardInput = new BackwardInputJob(this);
    }

    private protected override void OnForward() => Pool.Run(_forward, Geometry.Batch);

    private protected override void OnBackward()
    {
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

    private sealed class ForwardJob(ConvPlain owner) : Job
    {
        public override void Execute(int n, int worker)
        {
            ConvGeometry g = owner.Geometry;
            int ics = g.InputChannels / g.Groups, ocs = g.OutputChannels / g.Groups;
            for (int oy = 0; oy < g.OutputHeight; oy++)
                for (int ox = 0; ox < g.OutputWidth; ox++)
                {
                    float* output = owner.Output + (((long)n * g.OutputHeight + oy) * g.OutputWidth + ox) * g.OutputChannels;
                    for (int o = 0; o < g.OutputChannels; o++)
                        output[o] = owner.Bias == null ? 0 : owner.Bias[o];
                    for (int ky = 0; ky < g.KernelHeight; ky++)
                        for (int kx = 0; kx < g.KernelWidth; kx++)
                        {
                            long at = owner.InputAt(n, oy * g.StrideHeight + ky - g.PadTop, ox * g.StrideWidth + kx - g.PadLeft);
                            if (at < 0)
                                continue;
                            for (int ic = 0; ic < ics; ic++)
                                for (int group = 0; group < g.Groups; group++)
                                {
                                    float value = owner.Input[at + group * ics + ic];
                                    float* weight = owner.Weight + ((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels;
                                    for (int o = group * ocs; o < (group + 1) * ocs; o++)
                                        output[o] += value * weight[o];
                                }
                        }
                    if (owner.Request.Relu)
                        for (int o = 0; o < g.OutputChannels; o++)
                            output[o] = output[o] < 0 ? 0 : output[o];
                }
        }
    }

    private sealed class BackwardWeightJob(ConvPlain owner) : Job
    {
        public override void Execute(int o, int worker)
        {
            ConvGeometry g = owner.Geometry;
            int ics = g.InputChannels / g.Groups, group = o / (g.OutputChannels / g.Groups);
            long pixels = (long)g.Batch * g.OutputHeight * g.OutputWidth;
            if (!owner.Accumulate)
                for (long i = o; i < g.WeightLength; i += g.OutputChannels)
                    owner.GradWeight[i] = 0;
            float bias = owner.Accumulate && owner.GradBias != null ? owner.GradBias[o] : 0;
            for (long p = 0; p < pixels; p++)
            {
                float gradient = owner.MaskedGradient(p * g.OutputChannels + o);
                bias += gradient;
                if (gradient == 0)
                    continue;
                (long row, long ox) = Math.DivRem(p, g.OutputWidth);
                (long n, long oy) = Math.DivRem(row, g.OutputHeight);
                for (int ky = 0; ky < g.KernelHeight; ky++)
                    for (int kx = 0; kx < g.KernelWidth; kx++)
                    {
                        long at = owner.InputAt((int)n, (int)oy * g.StrideHeight + ky - g.PadTop, (int)ox * g.StrideWidth + kx - g.PadLeft);
                        if (at < 0)
                            continue;
                        for (int ic = 0; ic < ics; ic++)
                            owner.GradWeight[((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels + o]
                                += gradient * owner.Input[at + group * ics + ic];
                    }
            }
            if (owner.GradBias != null)
                owner.GradBias[o] = bias;
        }
    }

    private sealed class BackwardInputJob(ConvPlain owner) : Job
    {
        public override void Execute(int n, int worker)
        {
            ConvGeometry g = owner.Geometry;
            int ics = g.InputChannels / g.Groups, ocs = g.OutputChannels / g.Groups;
            long image = (long)g.InputHeight * g.InputWidth * g.InputChannels;
            for (long i = n * image; i < (n + 1) * image; i++)
                owner.GradInput[i] = 0;
            for (int oy = 0; oy < g.OutputHeight; oy++)
                for (int ox = 0; ox < g.OutputWidth; ox++)
                {
                    long output = (((long)n * g.OutputHeight + oy) * g.OutputWidth + ox) * g.OutputChannels;
                    for (int ky = 0; ky < g.KernelHeight; ky++)
                        for (int kx = 0; kx < g.KernelWidth; kx++)
                        {
                            long at = owner.InputAt(n, oy * g.StrideHeight + ky - g.PadTop, ox * g.StrideWidth + kx - g.PadLeft);
                            if (at < 0)
                                continue;
                            for (int group = 0; group < g.Groups; group++)
                                for (int ic = 0; ic < ics; ic++)
                                {
                                    float* weight = owner.Weight + ((long)(ky * g.KernelWidth + kx) * ics + ic) * g.OutputChannels;
                                    float sum = 0;
                                    for (int o = group * ocs; o < (group + 1) * ocs; o++)
                                        sum += owner.MaskedGradient(output + o) * weight[o];
                                    owner.GradInput[at + group * ics + ic] += sum;
                                }
                        }
                }
        }
    }
}
