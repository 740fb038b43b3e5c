using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Direct convolution without packing on vectors <typeparamref name="V"/>: memory and pieces of work.</summary>
/// <remarks>
/// <para>
/// With few input channels the rows of a patch are short runs, and to copy them one by one, as the packing of <see cref="ConvGemm"/> does, takes up to
/// half as long as the arithmetic. Here only the padding is made: a band of input rows is copied once with its zeros, and
/// the micro-kernels (<see cref="ConvDirectTile"/>, <see cref="ConvDirectGradientTile"/>) read patches where they lie in it. Measured with two
/// threads on an AMD EPYC with AVX-512, first layer of <c>cifar10-quick</c> (32×32×3 to 32 channels, 5×5, batch 128): 3.0 ms forward, where
/// <see cref="ConvGemm"/> takes 4.2, and 3.2 ms backward instead of 7.0; the arithmetic alone takes 2.7 ms each way.
/// </para>
/// <para>
/// Pieces of work: bands of output rows (forward). The weight gradient is summed in parts, each some bands in their order by one thread, and the parts
/// are added in their order; bands and parts depend on the sizes alone, so the result is the same bits for any number of threads.
/// The gradient of the input, which a first layer seldom needs, is that of <see cref="ConvGemm"/>.
/// </para>
/// <para>Error: that of a float32 sum over the columns (forward), the pixels (gradWeight) or kernel area times oc (gradInput).</para>
/// </remarks>
internal sealed unsafe partial class ConvDirect<V> : ConvAlgorithm
    where V : unmanaged, ISimd<V>
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Floats that the padded rows of a band should not exceed: 64 KiB.</summary>
    private const int BandLength = 16 << 10;

    /// <summary>Pixels whose gradient is summed at a time: 16 KiB for 32 channels, half of a first-level cache.</summary>
    private const int GradientPixels = 128;

    /// <summary>Fewer pieces than this would leave threads without work.</summary>
    private const int LeastPieces = 16;

    /// <summary>Most parts of the weight gradient, and the floats that they should not exceed together: 8 MiB.</summary>
    private const int MostParts = 32, PartsTogether = 2 << 20;

    // A run is a row of the kernel: what is contiguous in memory of a patch. A row is a padded row of the input. Bands have at most _bandRows rows.
    private readonly int _run, _columns, _panels, _rowLength, _step;
    private readonly int _bandRows, _gradientRows;
    private readonly EvenSplit _bands, _parts;
    private readonly long _partLength, _workerPadded, _workerLength;

    /// <summary>For the gradient of the input alone, or null.</summary>
    private readonly ConvGemm? _inputGradient;

    private readonly Job _packWeight, _forward, _backwardPart, _sumParts;
    private float* _packedWeight, _paddedBias, _partSums, _workers;

    /// <summary>Fixes sizes; <see cref="ConvDirect.Create"/> has checked that there is one group.</summary>
    public ConvDirect(ConvGeometry geometry, ConvRequest request)
        : base(geometry, request)
    {
        ConvGeometry g = geometry;
        _run = g.KernelWidth * g.InputChannels;
        _columns = g.KernelHeight * _run;
        _panels = GemmKernel.Panels(g.OutputChannels);
        _step = g.StrideWidth * g.InputChannels;
        _rowLength = (g.OutputWidth - 1) * _step + _run;

        long rows = Math.Max(1, (BandLength / _rowLength - g.KernelHeight) / g.StrideHeight + 1);
        rows = Math.Min(rows, Math.Max(1, (long)g.Batch * g.OutputHeight / LeastPieces));
        _bands = new EvenSplit(g.OutputHeight, (int)Math.Min(rows, g.OutputHeight), 1);
        _bandRows = _bands.Length(0);
        _gradientRows = Math.Clamp(GradientPixels / g.OutputWidth, 1, _bandRows);

        _partLength = (long)_panels * Width * (_columns + 1);
        int parts = (int)Math.Clamp(PartsTogether / _partLength, 1, MostParts), pieces = checked(g.Batch * _bands.Count);
        _parts = new EvenSplit(pieces, (pieces + parts - 1) / parts, 1);

        _workerPadded = AlignedBuffer.WholeLines((long)PaddedRows(_bandRows) * _rowLength);
        _workerLength = _workerPadded + Math.Max(
            Width * ConvDirectTile.MaxHeight<V>(), request.WeightGradient ? (long)_panels * Width * _gradientRows * g.OutputWidth : 0);
        if (request.InputGradient)
            _inputGradient = new ConvGemm(geometry, request with { WeightGradient = false });
        (_packWeight, _forward) = (new PackWeightJob(this), new ForwardJob(this));
        (_backwardPart, _sumParts) = (new BackwardPartJob(this), new SumPartsJob(this));
    }

    public override string Name => "direct, without packing of patches";

    public override long PreparedWeightLength => PackedWeightLength + (_inputGradient?.PreparedWeightLength ?? 0);

    private long PackedWeightLength => (long)_panels * Width * _columns;

    public override long ScratchLength(int threads) => Math.Max(
        _panels * Width + (Request.WeightGradient ? _parts.Count * _partLength : 0) + threads * _workerLength,
        _inputGradient?.ScratchLength(threads) ?? 0);

    private protected override void OnBind(float* preparedWeight, float* scratch)
    {
        _packedWeight = preparedWeight;
        _paddedBias = scratch;
        _partSums = _paddedBias + _panels * Width;
        _workers = _partSums + (Request.WeightGradient ? _parts.Count * _partLength : 0);
        _inputGradient?.Bind(Pool, preparedWeight + PackedWeightLength, scratch);
    }

    private protected override void OnPrepareWeight()
    {
        Pool.Run(_packWeight, _panels);
        _inputGradient?.PrepareWeight(Weight);
    }

    private float* Padded(int worker) => _workers + worker * _workerLength;

    /// <summary>Output channels in the given panel.</summary>
    private int Outputs(int panel) => Math.Min(Width, Geometry.OutputChannels - panel * Width);

    /// <summary>Input rows under some output rows.</summary>
    private int PaddedRows(int outputRows) => (outputRows - 1) * Geometry.StrideHeight + Geometry.KernelHeight;

    /// <summary>The image, first output row and number of output rows of a piece of work.</summary>
    private (int Image, int Row, int Rows) Band(int piece)
    {
        (int image, int band) = Math.DivRem(piece, _bands.Count);
        int row = _bands.Start(band);
        return (image, row, _bands.Length(row));
    }

    /// <summary>The input rows under some output rows of an image, each with its zeros on either side.</summary>
    private void Pad(int image, int outputRow, int outputRows, float* padded)
    {
        ConvGeometry g = Geometry;
        int from = (int)Math.Clamp((long)g.PadLeft * g.InputChannels, 0, _rowLength);
        int to = (int)Math.Min(from + (long)g.InputWidth * g.InputChannels, _rowLength);
        long y = (long)outputRow * g.StrideHeight - g.PadTop;
        for (int r = PaddedRows(outputRows); r > 0; r--, y++, padded += _rowLength)
        {
            if (y < 0 || y >= g.InputHeight)
            {
                new Span<float>(padded, _rowLength).Clear();
                continue;
            }
            new Span<float>(padded, from).Clear();
            new Span<float>(Input + ((long)image * g.InputHeight + y) * g.InputWidth * g.InputChannels, to - from).CopyTo(new(padded + from, to - from));
            new Span<float>(padded + to, _rowLength - to).Clear();
        }
    }
}
