using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
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
internal sealed unsafe class ConvGemm<V> : ConvKernel
    where V : unmanaged, ISimd<V>
{
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
    private float* _packedWeight, _packedTransposed;
    private bool _accumulate;

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
        // Small problems are cut finer, so that several threads find work; multiples of 14 make tiles of seven, or five.
        _pixelsTogether = (int)Math.Clamp((_pixels / 16 + 13) / 14 * 14, 14, MaxPixels);
        // At least 8 pieces, and a multiple of 4: then few threads finish together.
        int pieces = Math.Min((Math.Max((_columnPanels + MaxGradientPanels - 1) / MaxGradientPanels, 8) + 3) / 4 * 4, _columnPanels);
        _gradientBlocks = new EvenSplit(_columnPanels, (_columnPanels + pieces - 1) / pieces, 1);
        _weightStride = Width * _columns + 16;
        _transposedStride = Width * _groupOutputs + 16;
        _blockStride = Width * MaxPixels + 16;
        _gradientStride = Width * GradientPixels + 16;
        _gradientWeightStride = Width * Width * MaxGradientPanels + 16;
        (_packWeight, _forward, _backwardWeight, _backwardInput) = (PackWeight, ForwardPixels, BackwardWeight, BackwardInput);
    }

    public override string Name => "gemm: product of patches and weights";

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

    public override void Bind(WorkerPool pool, in Operands operands)
    {
        base.Bind(pool, operands);
        _packedWeight = PreparedWeight;
        _packedTransposed = PreparedWeight + PackedWeightLength;
    }

    private float* OfWorker(int worker) => Scratch + worker * WorkerScratch;

    /// <summary>Output channels of a group in the given panel.</summary>
    private int Outputs(int panel) => Math.Min(Width, _groupOutputs - panel * Width);

    public override void PrepareWeights() => Pool.Run(_packWeight, Geometry.Groups * _outputPanels);

    /// <summary>32 output channels of a group.</summary>
    private void PackWeight(int index, int worker)
    {
        (int group, int panel) = Math.DivRem(index, _outputPanels);
        int rowLength = Geometry.OutputChannels, outputs = Outputs(panel);
        float* weight = Weight + group * _groupOutputs + panel * Width;
        PanelPacking.Pack<V>(weight, rowLength, _columns, outputs, _packedWeight + index * _weightStride, _weightStride);
        if (!Request.InputGradient)
            return;
        for (int k = 0; k < _columnPanels; k++)
            PanelPacking.PackTransposed(
                weight + (nint)k * Width * rowLength, rowLength, Math.Min(Width, _columns - k * Width), outputs,
                _packedTransposed + ((nint)group * _columnPanels + k) * _transposedStride + panel * Width * Width);
    }

    public override void Forward() => Pool.Run(_forward, checked((int)((_pixels + _pixelsTogether - 1) / _pixelsTogether)));

    /// <summary>A block of output pixels.</summary>
    private void ForwardPixels(int index, int worker)
    {
        ConvGeometry g = Geometry;
        long first = (long)index * _pixelsTogether;
        int pixels = (int)Math.Min(_pixelsTogether, _pixels - first);
        float* patches = OfWorker(worker), sums = patches + MaxColumns / Width * _blockStride;
        for (int group = 0; group < g.Groups; group++)
        {
            for (int k = 0; k < _columns; k += _columnBlocks.Length(k))
            {
                int columns = _columnBlocks.Length(k);
                PatchPacking.Gather<V>(g, Input, group, first, pixels, k, columns, patches, _blockStride);
                GemmKernel.Multiply<V>(
                    patches, _blockStride, _packedWeight + group * _outputPanels * _weightStride + k * Width, _weightStride,
                    sums, _blockStride, pixels, _outputPanels, columns, accumulate: k > 0);
            }
            for (int p = 0; p < _outputPanels; p++)
            {
                int channel = group * _groupOutputs + p * Width;
                PanelPacking.Unpack<V>(
                    sums + p * _blockStride, pixels, Outputs(p), Bias == null ? null : Bias + channel, scale: null, Request.Relu,
                    Output + first * g.OutputChannels + channel, g.OutputChannels);
            }
        }
    }

    public override void Backward(bool accumulate)
    {
        _accumulate = accumulate;
        if (GradWeight != null)
            Pool.Run(_backwardWeight, Geometry.Groups * _gradientBlocks.Count);
        if (GradInput != null)
            Pool.Run(_backwardInput, Geometry.Batch);
    }

    /// <summary>Packs the masked gradient of some pixels, all output channels of a group.</summary>
    private void PackGradient(int group, long firstPixel, int pixels, float* panels, nint panelStride, float* sums)
    {
        long at = firstPixel * Geometry.OutputChannels + group * _groupOutputs;
        PanelPacking.PackGradient<V>(
            GradOutput + at, Request.MaskGradient ? Output + at : null, Geometry.OutputChannels, pixels, _groupOutputs, panels, panelStride, sums);
    }

    /// <summary>Some panels of columns of a group's weight, summed over all pixels; the first of a group sums the bias too.</summary>
    private void BackwardWeight(int index, int worker)
    {
        ConvGeometry g = Geometry;
        (int group, int block) = Math.DivRem(index, _gradientBlocks.Count);
        int column = _gradientBlocks.Start(block) * Width;
        int columns = Math.Min(_gradientBlocks.Start(block + 1) * Width, _columns) - column;
        float* patches = OfWorker(worker), gradients = patches + MaxGradientPanels * _gradientStride;
        float* sums = gradients + _outputPanels * _gradientStride;
        float* biasSums = block == 0 && GradBias != null ? sums + _outputPanels * _gradientWeightStride : null;
        if (biasSums != null)
            new Span<float>(biasSums, _outputPanels * Width).Clear();
        for (long pixel = 0; pixel < _pixels; pixel += GradientPixels)
        {
            int pixels = (int)Math.Min(GradientPixels, _pixels - pixel);
            PatchPacking.Gather<V>(g, Input, group, pixel, pixels, column, columns, patches, _gradientStride);
            PackGradient(group, pixel, pixels, gradients, _gradientStride, biasSums);
            GemmKernel.MultiplyTransposed<V>(
                patches, _gradientStride, gradients, _gradientStride, sums, _gradientWeightStride,
                columns, _outputPanels, pixels, accumulate: pixel > 0);
        }
        for (int p = 0; p < _outputPanels; p++)
        {
            int channel = group * _groupOutputs + p * Width;
            float* from = sums + p * _gradientWeightStride, to = GradWeight + (nint)column * g.OutputChannels + channel;
            for (int k = 0; k < columns; k++)
                Give(from + k * Width, to + (nint)k * g.OutputChannels, Outputs(p));
            if (biasSums != null)
                Give(biasSums + p * Width, GradBias + channel, Outputs(p));
        }
    }

    private void Give(float* from, float* to, int count)
    {
        for (int i = 0; i < count; i++)
            to[i] = _accumulate ? to[i] + from[i] : from[i];
    }

    /// <summary>One image of the input gradient.</summary>
    private void BackwardInput(int index, int worker)
    {
        ConvGeometry g = Geometry;
        int image = g.OutputHeight * g.OutputWidth;
        long inputImage = g.InputLength / g.Batch;
        new Span<float>(GradInput + index * inputImage, checked((int)inputImage)).Clear();
        float* patches = OfWorker(worker), gradients = patches + MaxColumns / Width * _blockStride;
        for (int y = 0; y < image; y += MaxPixels)
            for (int group = 0; group < g.Groups; group++)
            {
                long first = (long)index * image + y;
                int pixels = Math.Min(MaxPixels, image - y);
                PackGradient(group, first, pixels, gradients, _blockStride, null);
                for (int k = 0; k < _columns; k += _columnBlocks.Length(k))
                {
                    int columns = _columnBlocks.Length(k);
                    GemmKernel.Multiply<V>(
                        gradients, _blockStride, _packedTransposed + ((nint)group * _columnPanels + k / Width) * _transposedStride,
                        _transposedStride, patches, _blockStride, pixels, GemmKernel.Panels(columns), _groupOutputs, accumulate: false);
                    PatchPacking.ScatterAdd<V>(g, GradInput, group, first, pixels, k, columns, patches, _blockStride);
                }
            }
    }
}
