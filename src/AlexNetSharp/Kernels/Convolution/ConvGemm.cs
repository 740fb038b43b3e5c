using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Direct convolution as a matrix product of patches and weights: the fast path for every geometry, and the precise one.</summary>
/// <remarks>
/// <para>
/// With P the matrix of patches (<see cref="PatchPacking"/>, [pixels, columns]), W the weight [columns, oc] and g the masked gradient of
/// the output [pixels, oc]: output = P·W, gradWeight = Pᵀ·g, and gradInput adds up g·Wᵀ where the patches came from.
/// P is never whole in memory: each thread makes a block of it that fits into its second-level cache, and uses it at once.
/// </para>
/// <para>
/// Pieces of work: blocks of pixels (forward), blocks of columns over all pixels (gradWeight, so that no sum depends on the number of
/// threads), images (gradInput, whose patches overlap). Groups are separate products with their own packed weights.
/// </para>
/// <para>Error: that of a float32 sum over the columns (forward), the pixels (gradWeight) or kernel area times oc (gradInput).</para>
/// </remarks>
internal sealed unsafe partial class ConvGemm : ConvAlgorithm
{
    private const string FullName = "gemm: product of patches and weights";

    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Pixels and columns of a block of patches: 336 KiB.</summary>
    private const int MaxPixels = 112, MaxColumns = 768;

    /// <summary>Pixels that the weight gradient takes together: one depth block of the product.</summary>
    private const int GradientPixels = GemmKernel.DepthBlock;

    /// <summary>Panels of columns in one piece of the weight gradient: with 256 output channels its sums take 128 KiB.</summary>
    private const int MaxGradientPanels = 4;

    private readonly int _columns, _groupOutputs, _columnPanels, _outputPanels, _pixelsTogether;
    private readonly long _pixels;
    private readonly EvenSplit _columnBlocks, _gradientBlocks;

    // Strides of panels, 16 floats beyond a round number, so that rows of neighbors do not share a set of the cache.
    private readonly nint _weightStride, _transposedStride, _blockStride, _gradientStride, _gradientWeightStride;
    private readonly Job _packWeight, _forward, _backwardWeight, _backwardInput;
    private float* _packedWeight, _packedTransposed, _scratch;

    /// <summary>Fixes sizes; accepts every geometry.</summary>
    public ConvGemm(ConvGeometry geometry, ConvRequest request)
        : base(geometry, request)
    {
        ConvGeometry g = geometry;
        _columns = g.KernelHeight * g.KernelWidth * (g.InputChannels / g.Groups);
        _groupOutputs = g.OutputChannels / g.Groups;
        _columnPanels = GemmKernel.Panels(_columns);
        _outputPanels = GemmKernel.Panels(_groupOutputs);
        _pixels = (long)g.Batch * g.OutputHeight * g.OutputWidth;
        _columnBlocks = new EvenSplit(_columns, MaxColumns, Width);
        // Small problems are cut finer, so that several threads find work; multiples of 14 make the tallest tiles.
        _pixelsTogether = (int)Math.Clamp((_pixels / 16 + 13) / 14 * 14, 14, MaxPixels);
        // At least 8 pieces, and a multiple of 4: then few threads finish together.
        int pieces = Math.Min((Math.Max((_columnPanels + MaxGradientPanels - 1) / MaxGradientPanels, 8) + 3) / 4 * 4, _columnPanels);
        _gradientBlocks = new EvenSplit(_columnPanels, (_columnPanels + pieces - 1) / pieces, 1);
        _weightStride = Width * _columns + 16;
        _transposedStride = Width * _groupOutputs + 16;
        _blockStride = Width * MaxPixels + 16;
        _gradientStride = Width * GradientPixels + 16;
        _gradientWeightStride = Width * Width * MaxGradientPanels + 16;
        (_packWeight, _forward) = (new PackWeightJob(this), new ForwardJob(this));
        (_backwardWeight, _backwardInput) = (new BackwardWeightJob(this), new BackwardInputJob(this));
    }

    /// <summary>The entry of <see cref="ConvAlgorithms"/>.</summary>
    public static ConvCandidate Candidate(ConvGeometry geometry, ConvRequest request) =>
        new(FullName, new ConvGemm(geometry, request), "accepts every geometry");

    public override string Name => FullName;

    public override long PreparedWeightLength => PackedWeightLength + PackedTransposedLength;

    private long PackedWeightLength => Geometry.Groups * _outputPanels * _weightStride;

    private long PackedTransposedLength => Request.InputGradient ? Geometry.Groups * _columnPanels * _transposedStride : 0;

    public override long ScratchLength(int threads) => threads * WorkerScratch;

    // Patches, output or its gradient and, for the parameters, the sums of weight and bias.
    private long WorkerScratch => Math.Max(
        (MaxColumns / Width + _outputPanels) * _blockStride,
        Request.WeightGradient
            ? (MaxGradientPanels + _outputPanels) * _gradientStride + _outputPanels * (_gradientWeightStride + Width)
            : 0);

    private protected override void OnBind(float* preparedWeight, float* scratch)
    {
        _packedWeight = preparedWeight;
        _packedTransposed = preparedWeight + PackedWeightLength;
        _scratch = scratch;
    }

    private protected override void OnPrepareWeight() => Pool.Run(_packWeight, Geometry.Groups * _outputPanels);

    private protected override void OnForward() =>
        Pool.Run(_forward, checked((int)((_pixels + _pixelsTogether - 1) / _pixelsTogether)));

    private protected override void OnBackward()
    {
        if (GradWeight != null)
            Pool.Run(_backwardWeight, Geometry.Groups * _gradientBlocks.Count);
        if (GradInput != null)
            Pool.Run(_backwardInput, Geometry.Batch);
    }
}
