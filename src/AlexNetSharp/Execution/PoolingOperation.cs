using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>Maximum or average pooling.</summary>
internal sealed unsafe class PoolingOperation : Operation
{
    private readonly PoolKernel _pool;

    private PoolingOperation(OperationInfo info, PoolKernel pool)
        : base(info) => _pool = pool;

    public override string Algorithm => _pool is MaxPool ? "max pool" : "average pool";

    public override bool BackwardReadsInput => _pool is MaxPool;

    public override bool BackwardReadsOutput => _pool is MaxPool;

    /// <summary>Maximum pooling.</summary>
    public static PoolingOperation Of(OperationInfo info, MaxPool2d layer) =>
        new(info, MaxPool.Create(Sliding(info, layer.KernelSize, layer.Stride, layer.Padding, layer.RoundUp, countPadding: false)));

    /// <summary>Average pooling with windows of one size.</summary>
    public static PoolingOperation Of(OperationInfo info, AvgPool2d layer) =>
        new(info, AvgPool.Create(Sliding(info, layer.KernelSize, layer.Stride, layer.Padding, layer.RoundUp, layer.CountPadding)));

    /// <summary>Average pooling to a given size.</summary>
    public static PoolingOperation Of(OperationInfo info, AdaptiveAvgPool2d layer)
    {
        Shape input = info.InputShape;
        return new(info, AvgPool.Create(
            PoolWindows.Adaptive(info.BatchSize, input.Height, input.Width, input.Channels, layer.OutputHeight, layer.OutputWidth)));
    }

    public override void Forward(Step step) => _pool.Forward(Memory.Input, Memory.Output);

    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            _pool.Backward(Memory.Input, Memory.Output, Memory.GradOutput, Memory.GradInput);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients) => _pool.Bind(pool, Memory.Scratch);

    /// <summary>The windows of a layer; the description has made sure that each sees the input.</summary>
    internal static PoolWindows Sliding(OperationInfo info, int kernel, int stride, Padding padding, bool roundUp, bool countPadding)
    {
        Shape input = info.InputShape;
        WindowSpan rows = padding.Vertical(input.Height, kernel, stride, roundUp);
        WindowSpan columns = padding.Horizontal(input.Width, kernel, stride, roundUp);
        return PoolWindows.Sliding(
            info.BatchSize, input.Height, input.Width, input.Channels,
            new PoolAxis(rows.Count, kernel, stride, rows.Before, rows.After, countPadding),
            new PoolAxis(columns.Count, kernel, stride, columns.Before, columns.After, countPadding));
    }
}
