using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;
using LocalResponseNormKernel = AlexNetSharp.Kernels.Normalization.LocalResponseNorm;
using WithinChannelNormKernel = AlexNetSharp.Kernels.Normalization.WithinChannelNorm;

namespace AlexNetSharp.Execution;

/// <summary>Response normalization across channels, where no pool follows that could take it in.</summary>
internal sealed unsafe class LocalResponseNormOperation(OperationInfo info, Networks.LocalResponseNorm layer) : Operation(info)
{
    private readonly LocalResponseNormKernel _norm = LocalResponseNormKernel.Create(Settings(info, layer));

    public override string Algorithm => "normalization across channels";

    public override bool BackwardReadsInput => true;

    public override long ScratchLength(int threads) => _norm.ScratchLength(threads);

    public override void Forward(Step step) => _norm.Forward(Memory.Input, Memory.Output);

    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            _norm.Backward(Memory.Input, Memory.Output, Memory.GradOutput, Memory.GradInput);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients) => _norm.Bind(pool, Memory.Scratch);

    /// <summary>The kernel's settings for a layer.</summary>
    internal static ResponseNormSettings Settings(OperationInfo info, Networks.LocalResponseNorm layer) =>
        new(info.InputLength / info.InputShape.Channels, info.InputShape.Channels, layer.Radius, layer.Bias, layer.Alpha, layer.Beta);
}

/// <summary>Response normalization across channels and the max pooling after it, in one pass.</summary>
/// <param name="info">Sizes.</param>
/// <param name="norm">The normalization.</param>
/// <param name="pool">The pooling.</param>
/// <param name="relu">Whether backward also goes through the ReLU that made the input: it reads the input anyway.</param>
internal sealed unsafe class LocalResponseNormMaxPoolOperation(OperationInfo info, Networks.LocalResponseNorm norm, MaxPool2d pool, bool relu)
    : Operation(info)
{
    private readonly LocalResponseNormMaxPool _kernel = LocalResponseNormMaxPool.Create(
        LocalResponseNormOperation.Settings(info, norm),
        PoolingOperation.Sliding(info, pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, countPadding: false),
        relu);

    public override string Algorithm => "normalization and max pool in one pass";

    public override bool BackwardReadsInput => true;

    public override bool BackwardReadsOutput => true;

    public override long ScratchLength(int threads) => _kernel.ScratchLength(threads);

    public override void Forward(Step step) => _kernel.Forward(Memory.Input, Memory.Output);

    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            _kernel.Backward(Memory.Input, Memory.Output, Memory.GradOutput, Memory.GradInput);
    }

    protected override void OnBind(WorkerPool workers, ParameterSet parameters, ParameterSet? gradients) => _kernel.Bind(workers, Memory.Scratch);
}

/// <summary>Response normalization within each channel.</summary>
/// <param name="info">Sizes.</param>
/// <param name="layer">The layer.</param>
/// <param name="inputGradient">Whether somebody needs the gradient of the input.</param>
internal sealed unsafe class WithinChannelNormOperation(OperationInfo info, Networks.WithinChannelNorm layer, bool inputGradient) : Operation(info)
{
    private readonly WithinChannelNormKernel _norm = WithinChannelNormKernel.Create(Settings(info, layer), inputGradient);

    public override string Algorithm => "normalization within channels";

    public override bool BackwardReadsInput => true;

    public override long ScratchLength(int threads) => _norm.ScratchLength(threads);

    public override void Forward(Step step) => _norm.Forward(Memory.Input, Memory.Output);

    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            _norm.Backward(Memory.Input, Memory.Output, Memory.GradOutput, Memory.GradInput);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients) => _norm.Bind(pool, Memory.Scratch);

    private static WithinChannelSettings Settings(OperationInfo info, Networks.WithinChannelNorm layer)
    {
        Shape input = info.InputShape;
        return new(info.BatchSize, input.Height, input.Width, input.Channels, layer.Size, layer.Alpha, layer.Beta);
    }
}
