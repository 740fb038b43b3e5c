using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>A convolution with bias and, where one follows, the ReLU.</summary>
internal sealed unsafe class ConvOperation : Operation
{
    private readonly string _layer;
    private readonly ConvAlgorithm _algorithm;
    private Parameter _weight = null!, _bias = null!;
    private Parameter? _gradWeight, _gradBias;

    /// <summary>Chooses the algorithm.</summary>
    public ConvOperation(OperationInfo info, string layer, ConvGeometry geometry, ConvRequest request)
        : base(info)
    {
        _layer = layer;
        Candidates = ConvAlgorithms.Candidates(geometry, request);
        _algorithm = Candidates[^1].Algorithm!;
    }

    public override string Algorithm => _algorithm.Name;

    public override IReadOnlyList<ConvCandidate> Candidates { get; }

    public override long AlgorithmMultiplyAdds => _algorithm.ForwardMultiplications;

    public override bool HasWeightGradient => _algorithm.Request.WeightGradient;

    public override bool BackwardReadsInput => _algorithm.Request.WeightGradient;

    public override bool BackwardReadsOutput => _algorithm.Request.MaskGradient;

    /// <summary>Whether the operation that follows must mask the gradient of this one's ReLU.</summary>
    public bool LeavesMask => _algorithm.Request is { Relu: true, GradientMasked: true };

    public override long PreparedWeightLength => _algorithm.PreparedWeightLength;

    public override long ScratchLength(int threads) => _algorithm.ScratchLength(threads);

    public override void PrepareWeights() => _algorithm.PrepareWeight(_weight.Pointer);

    public override void Forward(Step step) => _algorithm.Forward(Memory.Input, _bias.Pointer, Memory.Output);

    public override void Backward(Step step)
    {
        float* gradWeight = _gradWeight is null ? null : _gradWeight.Pointer;
        float* gradBias = _gradBias is null ? null : _gradBias.Pointer;
        _algorithm.Backward(Memory.Input, Memory.Output, Memory.GradOutput, gradWeight, gradBias, Memory.GradInput, step.Accumulate);
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
        _algorithm.Bind(pool, Memory.PreparedWeight, Memory.Scratch);
    }
}
