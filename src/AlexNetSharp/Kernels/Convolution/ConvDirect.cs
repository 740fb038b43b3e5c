using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Direct convolution without packing, for few input channels, as an entry of <see cref="ConvAlgorithms"/>.</summary>
internal static class ConvDirect
{
    /// <summary>Weights of an output channel (5×5×32) up to which this was measured to be faster than <see cref="ConvGemm{V}"/> forward and backward.</summary>
    /// <remarks>With longer ones packing is a smaller part of the work, and the sums of the parts of the weight gradient leave the caches.</remarks>
    private const int MostColumns = 800;

    /// <summary>Pixels in a row of the output below which a tile has too few sums to hide the latency of a multiply-add.</summary>
    private const int LeastWidth = 4;

    /// <summary>Floats of padded input rows for one row of the output up to which they stay in the second-level cache: 256 KiB.</summary>
    private const long MostInput = 64 << 10;

    /// <summary>Accepts convolutions of one group with few weights for each output channel, as those have that read an image.</summary>
    public static ConvCandidate Candidate(ConvGeometry geometry, ConvRequest request)
    {
        const string name = "direct";
        ConvGeometry g = geometry;
        if (g.Groups != 1)
            return new(name, null, $"{g.Groups} groups; it takes one");
        long columns = (long)g.KernelHeight * g.KernelWidth * g.InputChannels;
        if (columns > MostColumns)
            return new(name, null, $"{g.KernelHeight}×{g.KernelWidth}×{g.InputChannels} = {columns} weights an output channel are too many (at most {MostColumns})");
        if (g.OutputWidth < LeastWidth)
            return new(name, null, $"{g.OutputWidth} output pixels in a row are too few for a tile (at least {LeastWidth})");
        long rowLength = ((g.OutputWidth - 1L) * g.StrideWidth + g.KernelWidth) * g.InputChannels;
        if (rowLength * g.KernelHeight > MostInput)
            return new(name, null, $"{g.KernelHeight} padded rows of {rowLength} floats are too long for the second-level cache (at most {MostInput} together)");
        return new(name, KernelSet.Best.ConvDirect(geometry, request), $"{columns} weights an output channel: patches are read where they lie, without packing");
    }
}

/// <summary>Direct convolution without packing on vectors <typeparamref name="V"/>: memory and pieces of work.</summary>
/// <remarks>
/// <para>
/// With few input channels the rows of a patch are short runs, and to copy them one by one, as the packing of <see cref="ConvGemm{V}"/> does, takes up to
/// half as long as the arithmetic. Here only the padding is made: a band of input rows is copied once with its zeros, and
/// the micro-kernels (<see cref="ConvDirectTile"/>, <see cref="ConvDirectGradientTile"/>) read patches where they lie in it. Measured with two
/// threads on an AMD EPYC with AVX-512, first layer of <c>cifar10-quick</c> (32×32×3 to 32 channels, 5×5, batch 128): 3.0 ms forward, where
/// <see cref="ConvGemm{V}"/> takes 4.2, and 3.2 ms backward instead of 7.0; the arithmetic alone takes 2.7 ms each way.
/// </para>
/// <para>
/// Pieces of work: bands of output rows (forward). The weight gradient is summed in parts, each some bands in their order by one thread, and the parts
/// are added in their order; bands and parts depend on the sizes alone, so the result is the same bits for any number of threads.
/// The gradient of the input, which a first layer seldom needs, is that of <see cref="ConvGemm{V}"/>.
/// </para>
/// <para>Error: that of a float32 sum over the columns (forward), the pixels (gradWeight) or kernel area times oc (gradInput).</para>
/// </remarks>
internal sealed unsafe partial class ConvDirect<V> : ConvKernel
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
    private readonly ConvGemm<V>? _inputGradient;

    private readonly Job _packWeight, _forward, _backwardPart, _sumParts;
    private float* _packedWeight, _paddedBias, _partSums, _workers;
    private bool _accumulate;

    /// <summary>Fixes sizes, whether it pays or not.</summary>
    /// <exception cref="ArgumentException">There is more than one group.</exception>
    public ConvDirect(ConvGeometry geometry, ConvRequest request)
        : base(geometry, request)
    {
        if (geometry.Groups != 1)
            throw new ArgumentException($"Direct convolution without packing takes one group, not {geometry.Groups}.", nameof(geometry));
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
            _inputGradient = new ConvGemm<V>(geometry, request with { WeightGradient = false });
        (_packWeight, _forward, _backwardPart, _sumParts) = (PackWeight, ForwardBand, BackwardPart, SumPartsOfRow);
    }

    public override string Name => "direct, without packing of patches";

    public override long PreparedWeightLength => PackedWeightLength + (_inputGradient?.PreparedWeightLength ?? 0);

    private long PackedWeightLength => (long)_panels * Width * _columns;

    public override long ScratchLength(int threads) => Math.Max(
        _panels * Width + (Request.WeightGradient ? _parts.Count * _partLength : 0) + threads * _workerLength,
        _inputGradient?.ScratchLength(threads) ?? 0);

    public override void Bind(WorkerPool pool, in Operands operands)
    {
        base.Bind(pool, operands);
        _packedWeight = PreparedWeight;
        _paddedBias = Scratch;
        _partSums = _paddedBias + _panels * Width;
        _workers = _partSums + (Request.WeightGradient ? _parts.Count * _partLength : 0);
        _inputGradient?.Bind(pool, operands with { PreparedWeight = PreparedWeight + PackedWeightLength, GradWeight = null, GradBias = null });
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
