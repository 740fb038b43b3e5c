using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>A fully connected layer with bias and, where one follows, the ReLU.</summary>
internal sealed unsafe class LinearOperation : Operation
{
    private readonly string _layer;
    private readonly LinearKernel _kernel;
    private readonly bool _relu;
    private Parameter _weight = null!, _bias = null!;
    private Parameter? _gradWeight, _gradBias;

    /// <summary>Prepares the operation.</summary>
    public LinearOperation(OperationInfo info, Linear layer, bool relu, bool weightGradient, bool inputGradient, bool bfloat16)
        : base(info)
    {
        _layer = layer.Name;
        _relu = relu;
        HasWeightGradient = weightGradient;
        _kernel = new LinearKernel(
            info.BatchSize, (int)info.InputShape.Length, layer.OutputFeatures, relu, weightGradient, inputGradient, bfloat16);
    }

    public override string Algorithm => _kernel.Name;

    public override bool HasWeightGradient { get; }

    public override bool BackwardReadsInput => HasWeightGradient;

    public override bool BackwardReadsOutput => _relu;

    public override long PreparedWeightLength => _kernel.PreparedWeightLength;

    public override long ScratchLength(int threads) => _kernel.ScratchLength(threads);

    public override void PrepareWeights() => _kernel.PrepareWeight(_weight.Pointer);

    public override void Forward(Step step) => _kernel.Forward(Memory.Input, _weight.Pointer, _bias.Pointer, Memory.Output);

    public override void Backward(Step step)
    {
        float* gradWeight = _gradWeight is null ? null : _gradWeight.Pointer;
        float* gradBias = _gradBias is null ? null : _gradBias.Pointer;
        _kernel.Backward(
            Memory.Input, _weight.Pointer, Memory.Output, Memory.GradOutput, gradWeight, gradBias, Memory.GradInput, step.Accumulate);
    }

    protected override void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients)
    {
        _weight = parameters[$"{_layer}.weight"];
        _bias = parameters[$"{_layer}.bias"];
        if (HasWeightGradient)
        {
            _gradWeight = gradients![$"{_layer}.weight"];
            _gradBias = gradients[$"{_layer}.bias"];
        }
        _kernel.Bind(pool, Memory.PreparedWeight, Memory.Scratch);
    }
}
