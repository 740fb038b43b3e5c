using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>Interim plain operations, replaced as their kernels land.</summary>
internal abstract unsafe class InterimOperation(OperationInfo info) : Operation(info)
{
    private WorkerPool _pool = null!;
    private ImageJob _forward = null!, _backward = null!;
    protected Step Step { get; private set; } = null!;

    public override string Algorithm => "plain loops";

    public override bool BackwardReadsInput => true;

    public override bool BackwardReadsOutput => true;

    protected int InputImage => (int)Info.InputShape.Length;

    protected int OutputImage => (int)Info.OutputShape.Length;

    public override void Forward(Step step)
    {
        Step = step;
        _pool.Run(_forward, Info.BatchSize);
    }

    public override void Backward(Step step)
    {
        Step = step;
        if (Memory.GradInput != null)
        {
            new Span<float>(Memory.GradInput, checked((int)Info.InputLength)).Clear();
            _pool.Run(_backward, Info.BatchSize);
        }
    }

    protected abstract void ForwardImage(float* x, float* y, int n);

    protected abstract void BackwardImage(float* x, float* y, float* gy, float* gx, int n);

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients)
    {
        _pool = pool;
        _forward = new ImageJob(this, false);
        _backward = new ImageJob(this, true);
    }

    private sealed class ImageJob(InterimOperation o, bool backward) : Job
    {
        public override void Execute(int n, int worker)
        {
            OperationMemory m = o.Memory;
            if (backward)
                o.BackwardImage(m.Input + (long)n * o.InputImage, m.Output + (long)n * o.OutputImage, m.GradOutput + (long)n * o.OutputImage, m.GradInput + (long)n * o.InputImage, n);
            else
                o.ForwardImage(m.Input + (long)n * o.InputImage, m.Output + (long)n * o.OutputImage, n);
        }
    }
}

internal sealed unsafe class ReluOperation(OperationInfo info) : InterimOperation(info)
{
    protected override void ForwardImage(float* x, float* y, int n)
    {
        for (int i = 0; i < InputImage; i++)
            y[i] = x[i] < 0 ? 0 : x[i];
    }

    protected override void BackwardImage(float* x, float* y, float* gy, float* gx, int n)
    {
        for (int i = 0; i < InputImage; i++)
            gx[i] = x[i] > 0 ? gy[i] : 0;
    }
}

internal sealed unsafe class DropoutOperation(OperationInfo info, Dropout layer, ulong seed, int tensor) : InterimOperation(info)
{
    private float Factor(int n, int i)
    {
        if (!Step.Training)
            return 1;
        ulong h = (seed ^ ((ulong)tensor << 56)) + Step.Number * 0x9E3779B97F4A7C15 + (ulong)((long)n * InputImage + i) * 0xBF58476D1CE4E5B9;
        h = (h ^ (h >> 31)) * 0x94D049BB133111EB;
        h ^= h >> 29;
        return (h >> 40) * (1f / (1 << 24)) < layer.Rate ? 0 : 1 / (1 - layer.Rate);
    }

    protected override void ForwardImage(float* x, float* y, int n)
    {
        for (int i = 0; i < InputImage; i++)
            y[i] = x[i] * Factor(n, i);
    }

    protected override void BackwardImage(float* x, float* y, float* gy, float* gx, int n)
    {
        for (int i = 0; i < InputImage; i++)
            gx[i] = gy[i] * Factor(n, i);
    }
}

internal sealed unsafe class LinearOperation(
    OperationInfo info, Linear layer, bool relu, bool weightGradient, bool inputGradient, bool bfloat16) : Operation(info)
{
    private WorkerPool _pool = null!;
    private PanelJob _forward = null!, _backwardWeight = null!;
    private InputJob _backwardInput = null!;
    private Parameter _weight = null!, _bias = null!;
    private Parameter? _gradWeight, _gradBias;

    public override string Algorithm => bfloat16 ? "plain loops, bfloat16" : "plain loops";

    public override bool HasWeightGradient => weightGradient;

    public override bool BackwardReadsInput => weightGradient;

    public override bool BackwardReadsOutput => relu;

    private int Inputs => (int)Info.InputShape.Length;

    private int Outputs => layer.OutputFeatures;

    public override void Forward(Step step) => _pool.Run(_forward, (Outputs + 31) / 32);

    public override void Backward(Step step)
    {
        if (relu)
            for (long i = 0; i < Info.OutputLength; i++)
                if (!(Memory.Output[i] > 0))
                    Memory.GradOutput[i] = 0;
        if (weightGradient)
        {
            if (!step.Accumulate)
            {
                _gradWeight!.Storage.Clear();
                _gradBias!.Storage.Clear();
            }
            _pool.Run(_backwardWeight, (Outputs + 31) / 32);
        }
        if (inputGradient)
            _pool.Run(_backwardInput, Info.BatchSize);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients)
    {
        _pool = pool;
        _forward = new PanelJob(this, false);
        _backwardWeight = new PanelJob(this, true);
        _backwardInput = new InputJob(this);
        _weight = parameters[$"{layer.Name}.weight"];
        _bias = parameters[$"{layer.Name}.bias"];
        _gradWeight = weightGradient ? gradients![$"{layer.Name}.weight"] : null;
        _gradBias = weightGradient ? gradients![$"{layer.Name}.bias"] : null;
    }

    private sealed class PanelJob(LinearOperation l, bool backward) : Job
    {
        public override void Execute(int panel, int worker)
        {
            int width = Math.Min(32, l.Outputs - panel * 32);
            for (int n = 0; n < l.Info.BatchSize; n++)
            {
                float* x = l.Memory.Input + (long)n * l.Inputs;
                if (backward)
                {
                    float* gw = l._gradWeight!.Pointer + (long)panel * l.Inputs * 32;
                    var g = new Span<float>(l.Memory.GradOutput + (long)n * l.Outputs + panel * 32, width);
                    for (int i = 0; i < l.Inputs; i++, gw += 32)
                        for (int o = 0; o < width; o++)
                            gw[o] += x[i] * g[o];
                    for (int o = 0; o < width; o++)
                        l._gradBias!.Pointer[panel * 32 + o] += g[o];
                    continue;
                }
                float* y = l.Memory.Output + (long)n * l.Outputs + panel * 32;
                float* w = l._weight.Pointer + (long)panel * l.Inputs * 32;
                for (int o = 0; o < width; o++)
                    y[o] = l._bias.Pointer[panel * 32 + o];
                for (int i = 0; i < l.Inputs; i++, w += 32)
                    for (int o = 0; o < width; o++)
                        y[o] += x[i] * w[o];
                for (int o = 0; o < width && l.Relu; o++)
                    y[o] = y[o] < 0 ? 0 : y[o];
            }
        }
    }

    private bool Relu => relu;

    private sealed class InputJob(LinearOperation l) : Job
    {
        public override void Execute(int n, int worker)
        {
            float* gy = l.Memory.GradOutput + (long)n * l.Outputs;
            for (int i = 0; i < l.Inputs; i++)
            {
                float sum = 0;
                for (int o = 0; o < l.Outputs; o++)
                    sum += gy[o] * l._weight.Pointer[((long)(o / 32) * l.Inputs + i) * 32 + o % 32];
                l.Memory.GradInput[(long)n * l.Inputs + i] = sum;
            }
        }
    }
}
