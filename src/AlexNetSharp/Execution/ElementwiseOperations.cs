using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>A ReLU that follows neither a convolution nor a fully connected layer.</summary>
internal sealed unsafe class ReluOperation(OperationInfo info) : Operation(info)
{
    private readonly Map<ReluOperator> _relu = Map<ReluOperator>.Create(SimdTiers.Best);
    private readonly Map<ReluGradientOperator> _gradient = Map<ReluGradientOperator>.Create(SimdTiers.Best);
    private WorkerPool _pool = null!;

    public override string Algorithm => "elementwise";

    public override bool BackwardReadsOutput => true;

    public override void Forward(Step step) => _relu.Run(_pool, default, Memory.Input, Memory.Input, Memory.Output, Info.OutputLength);

    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            _gradient.Run(_pool, default, Memory.Output, Memory.GradOutput, Memory.GradInput, Info.OutputLength);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients) => _pool = pool;
}

/// <summary>Dropout: in training the mask of this step, otherwise a copy.</summary>
/// <param name="info">Sizes.</param>
/// <param name="layer">The layer.</param>
/// <param name="seed">Key of the random numbers.</param>
/// <param name="layerIndex">Place in the network: its own stream of random numbers.</param>
internal sealed unsafe class DropoutOperation(OperationInfo info, Dropout layer, ulong seed, int layerIndex) : Operation(info)
{
    /// <summary>Streams of dropout begin here; those below belong to initial values.</summary>
    private const uint FirstStream = 1u << 31;

    private readonly DropoutKernel _kernel = DropoutKernel.Create();
    private WorkerPool _pool = null!;

    public override string Algorithm => "elementwise, mask from Philox";

    public override void Forward(Step step) => Run(step, Memory.Input, Memory.Output);

    /// <summary>The adjoint of a mask is the same mask.</summary>
    public override void Backward(Step step)
    {
        if (Memory.GradInput != null)
            Run(step, Memory.GradOutput, Memory.GradInput);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients) => _pool = pool;

    private void Run(Step step, float* source, float* destination)
    {
        long count = Info.OutputLength;
        if (step.Training)
            _kernel.Run(_pool, new Philox(seed, FirstStream + (uint)layerIndex, unchecked((uint)step.Number)), 1 - layer.Rate, source, destination, count);
        else
            Buffer.MemoryCopy(source, destination, count * sizeof(float), count * sizeof(float));
    }
}
