using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>Winograd convolution as an entry of <see cref="ConvAlgorithms"/>.</summary>
internal static class ConvWinograd
{
    /// <summary>Multiplications that must be saved for the transforms to pay: direct convolution needs at least this many times as many.</summary>
    private const double LeastSaving = 1.4;

    /// <summary>Channels on either side below which the transforms cost more than the products save.</summary>
    private const int LeastChannels = 16;

    /// <summary>Accepts convolutions with kernels of 2 to 5 taps (times the stride) that have channels enough, unless precision is asked for.</summary>
    public static ConvCandidate Candidate(ConvGeometry geometry, ConvRequest request)
    {
        const string name = "winograd";
        if (request.Precise)
            return new(name, null, "the rounding error of direct convolution was asked for");
        if (!Supports(geometry))
            return new(name, null, $"no tile for a kernel of {geometry.KernelHeight}×{geometry.KernelWidth} at stride {geometry.StrideHeight}×{geometry.StrideWidth}");
        var fold = new KernelFold(geometry);
        int outputChannels = geometry.OutputChannels / geometry.Groups;
        if (Math.Min(fold.Channels, outputChannels) < LeastChannels)
            return new(name, null, $"{fold.Channels} to {outputChannels} channels are too few for the transforms to pay (at least {LeastChannels})");
        ConvKernel kernel = KernelSet.Best.ConvWinograd(geometry, request);
        double saving = (double)geometry.MultiplyAdds / kernel.ForwardMultiplications;
        return saving < LeastSaving
            ? new(name, null, FormattableString.Invariant($"saves a factor {saving:0.00} of multiplications, too little to pay (at least {LeastSaving})"))
            : new(kernel.Name, kernel, FormattableString.Invariant($"saves a factor {saving:0.00} of multiplications"));
    }

    /// <summary>Whether there are tiles for the kernel and stride.</summary>
    public static bool Supports(ConvGeometry geometry) =>
        KernelFold.Taps(geometry.KernelHeight, geometry.StrideHeight) > 0 && KernelFold.Taps(geometry.KernelWidth, geometry.StrideWidth) > 0;
}

/// <summary>Convolution by Winograd tiles on vectors <typeparamref name="V"/>: memory and pieces of work.</summary>
/// <remarks>
/// For every tile, Y = Aᵀ[Σ over channels of (G w Gᵀ) ⊙ (Bᵀ x B)]A. The element-wise product, summed over channels, is for each of the n² points one
/// matrix product [tiles, ic]·[ic, oc], and these hold nearly all of the arithmetic. Backward is the exact adjoint of each step in reverse order.
/// Derivation, tiles and error: <c>docs/winograd.md</c>. Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015.
/// </remarks>
internal sealed unsafe partial class ConvWinograd<V> : ConvKernel
    where V : unmanaged, ISimd<V>
{
    private const int Width = GemmKernel.PanelWidth;

    private readonly WinogradSizes _sizes;
    private readonly TileGrid _grid;
    private readonly KernelFold _fold;

    // For whole vectors, groups of four channels, and single ones.
    private readonly AxisPasses _wide, _four, _one;

    // Planes that have rows, those with most rows first.
    private readonly int[] _planes;

    // Offsets in floats, within a thread's own scratch and within the shared one.
    private readonly long _workerTile, _workerInput, _workerOutput, _workerFolded, _workerFoldedImage, _workerPanel, _workerLength;
    private readonly long _sharedInput, _sharedOutput, _sharedTransposed, _sharedGradWeight, _sharedGradBias, _sharedLength;

    // Fused, with more threads than parts: the panels of output and input channels of one piece of work.
    private readonly EvenSplit _wideOutput, _wideInput;

    // Staged: pieces are numbered stage by stage, so many to each: at least those of its longest job.
    private readonly int _stagePieces;

    private readonly Job _prepare, _forwardBlock, _forwardImages, _inputTransform, _product, _outputTransform;
    private readonly Job _weightPiece, _inputBlock, _weightPart, _inputPart;
    private readonly Job _backwardTransform, _backwardProduct, _addTiles, _transpose, _backwardPart, _sumParts, _gradWeightTransform;
    private float* _zeros, _weights, _shared, _workers, _maps;
    private long _mapStride;
    private IRowConsumer? _consumer;
    private bool _accumulate;

    /// <summary>Lays out memory, whether it pays or not.</summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="request">What is asked of it.</param>
    /// <param name="tiles">The tiles; null for those that cost least.</param>
    /// <exception cref="ArgumentException"><see cref="ConvWinograd.Supports"/> is false.</exception>
    public ConvWinograd(ConvGeometry geometry, ConvRequest request, TileGrid? tiles = null)
        : base(geometry, request)
    {
        if (!ConvWinograd.Supports(geometry))
            throw new ArgumentException($"There are no Winograd tiles for {geometry}.", nameof(geometry));
        _sizes = new WinogradSizes(geometry, request, tiles: tiles);
        _grid = _sizes.Grid;
        _fold = _sizes.Fold;
        _wide = AxisPasses.Create<V>(_grid);
        _four = AxisPasses.Create<F32x4>(_grid);
        _one = AxisPasses.Create<F32x1>(_grid);
        TileBlock whole = new(_grid, 0, 1, 0, _grid.Rows.Tiles);
        _planes = [.. Enumerable.Range(0, _grid.Planes).Where(p => whole.Range(p).Count > 0).OrderByDescending(p => whole.Range(p).Count)];

        _stagePieces = Math.Max(Math.Max(2 * _grid.Rows.Tiles, _sizes.AddedPanels.Count) * _sizes.Staged.Images.Length(0), _planes.Length * Math.Max(ProductParts.Count, InputParts.Count));

        (_wideOutput, _wideInput) = ChooseWide();
        BlockLayout? backward = _sizes.FusedBackward;
        bool staged = _sizes.Fused is null || (request.Backward && backward is null);
        Take(ref _sharedLength, staged ? _sizes.Staged.InputLength : 0, out _sharedInput);
        Take(ref _sharedLength, staged ? _sizes.Staged.OutputLength : 0, out _sharedOutput);
        Take(ref _sharedLength, request.InputGradient && backward is not null ? _grid.Planes * TransposedPlane : 0, out _sharedTransposed);
        Take(ref _sharedLength, request.WeightGradient ? Parts * WeightLength : 0, out _sharedGradWeight);
        Take(ref _sharedLength, request.WeightGradient ? (long)Parts * Width * _sizes.OutputPanels : 0, out _sharedGradBias);

        long foldedRow = _fold.Rearranges ? (long)_sizes.FoldedWidth * _sizes.InputChannels : 0;
        bool transposes = request.InputGradient && backward is null;
        Take(ref _workerLength, TilePasses.ScratchLength, out _workerTile);
        Take(ref _workerLength, Math.Max(_sizes.Fused?.InputLength ?? 0, backward?.InputLength ?? 0), out _workerInput);
        Take(ref _workerLength, Math.Max(_sizes.Fused?.OutputLength ?? 0, backward?.OutputLength ?? 0), out _workerOutput);
        Take(ref _workerLength, WinogradTiles.MaxPoints * foldedRow, out _workerFolded);
        Take(ref _workerLength, request.InputGradient ? _sizes.FoldedHeight * foldedRow : 0, out _workerFoldedImage);
        Take(ref _workerLength, transposes ? (long)_sizes.InputPieces.Length(0) * _sizes.OutputPanels * Width * Width : 0, out _workerPanel);

        (_prepare, _forwardBlock, _forwardImages) = (TransformWeights, ForwardBlock, ForwardImages);
        (_inputTransform, _product, _outputTransform) = (StagedInput, StagedProduct, StagedOutput);
        (_backwardTransform, _backwardProduct, _addTiles) = (StagedBackwardTransform, StagedBackwardProduct, StagedAddTiles);
        (_weightPiece, _inputBlock, _weightPart, _inputPart) = (WeightPiece, InputBlock, StagedWeightPart, StagedInputPart);
        (_transpose, _backwardPart, _sumParts, _gradWeightTransform) = (TransposePoint, BackwardPart, SumParts, TransformGradWeight);

        static void Take(ref long length, long floats, out long start)
        {
            start = length;
            length = AlignedBuffer.WholeLines(length + floats);
        }
    }

    public override string Name => _fold.Rearranges
        ? $"winograd {_grid.Name} after space to depth {Geometry.StrideHeight}×{Geometry.StrideWidth}"
        : $"winograd {_grid.Name}";

    public override long ForwardMultiplications =>
        Geometry.Batch * _grid.Multiplications * _sizes.InputChannels * _sizes.OutputChannels * Geometry.Groups;

    public override long PreparedWeightLength => Zeros + Geometry.Groups * WeightLength;

    /// <summary>The images of one block, where there are enough of them to give every thread work; else rows are the smaller pieces, and threads share images.</summary>
    public override long MapLength => _sizes.FusedByImage && !Request.Backward ? _sizes.Fused!.Images.Length(0) * OutputImage : 0;

    /// <summary>Floats of one image of the output.</summary>
    private long OutputImage => (long)Geometry.OutputHeight * Geometry.OutputWidth * Geometry.OutputChannels;

    public override void HandRowsTo(IRowConsumer consumer, float* maps, long mapStride)
    {
        if (MapLength == 0)
            throw new NotSupportedException($"{Name}: threads share images here");
        (_consumer, _mapStride) = (consumer, mapStride);
        _maps = maps;
    }

    /// <summary>The zeros that stand for pixels outside the image and for a bias that is null.</summary>
    private long Zeros => AlignedBuffer.WholeLines(WinogradTiles.MaxPoints * Math.Max(Geometry.InputChannels, Geometry.OutputChannels));

    /// <summary>Transformed weights of one group.</summary>
    private long WeightLength => (long)_grid.Planes * _sizes.WeightPlane;

    /// <summary>Transformed weights of one group, at one point.</summary>
    private float* Weights(int group, int plane = 0) => _weights + group * WeightLength + (long)plane * _sizes.WeightPlane;

    /// <summary>Parts of the batch whose weight gradients are summed on their own.</summary>
    private int Parts => _sizes.FusedBackward is null ? 1 : _sizes.BackwardParts.Count;

    /// <summary>Floats between points of the transposed weights.</summary>
    private long TransposedPlane => (long)Width * Width * _sizes.OutputPanels * _sizes.InputPanels;

    /// <summary>Gradient of the transformed weights at one point: the sum of one part. Groups use it one after the other.</summary>
    private float* GradWeights(int part, int plane = 0) => _shared + _sharedGradWeight + part * WeightLength + (long)plane * _sizes.WeightPlane;

    /// <summary>Gradient of the biases: the sums of one part. Groups use it one after the other.</summary>
    private float* GradBiases(int part) => _shared + _sharedGradBias + (long)part * Width * _sizes.OutputPanels;

    /// <summary>Fused: whether there are more threads than parts of the batch, so that parts are cut along their channels too.</summary>
    private bool IsWide => Request.Threads > Parts;

    private int PiecesOfPart => _wideOutput.Count * _wideInput.Count;

    /// <summary>Staged: the panels of output channels that a piece of the products takes; all where there are points enough for all threads.</summary>
    private EvenSplit ProductParts => new(_sizes.OutputPanels, Math.Max(1, _sizes.OutputPanels / PartsOfPoint), 1);

    /// <summary>Staged: the panels of input channels that a piece of the product for the input's gradient takes.</summary>
    private EvenSplit InputParts => new(_sizes.InputPanels, Math.Max(1, _sizes.InputPanels / PartsOfPoint), 1);

    /// <summary>Staged: pieces of one point, so that each of many threads gets four of them.</summary>
    private int PartsOfPoint => (4 * Request.Threads + _planes.Length - 1) / _planes.Length;

    /// <summary>Transposed weights of one point, where backward is fused.</summary>
    private float* Transposed(int plane) => _shared + _sharedTransposed + plane * TransposedPlane;

    public override long ScratchLength(int threads) => _sharedLength + threads * _workerLength;

    public override void Bind(WorkerPool pool, in Operands operands)
    {
        base.Bind(pool, operands);
        _zeros = PreparedWeight;
        _weights = PreparedWeight + Zeros;
        _shared = Scratch;
        _workers = Scratch + _sharedLength;
    }

    private float* Worker(int worker, long part) => _workers + worker * _workerLength + part;

    /// <summary>A block of one piece of work, in the thread's own scratch.</summary>
    private BlockMatrices FusedBlock(BlockLayout layout, int block, int group, int worker) =>
        new(layout, block, group, Worker(worker, _workerInput), Worker(worker, _workerOutput));

    /// <summary>Staged: a block of one group for each stage.</summary>
    private int Stages => Geometry.Groups * _sizes.Staged.Blocks;

    /// <summary>Staged: rows of tiles of the block of a stage.</summary>
    private int StagedTileRows(int stage) => _sizes.Staged.Block(stage % _sizes.Staged.Blocks).Images * _grid.Rows.Tiles;

    /// <summary>Staged: runs <paramref name="count"/> pieces of a stage; <see cref="StagedBlock(int, out int)"/> finds stage and piece in the index of each.</summary>
    private void RunStage(int stage, Job job, int count) => Pool.Run(job, stage * _stagePieces, count);

    /// <summary>Staged: the block that all threads work on at one stage.</summary>
    private BlockMatrices StagedBlock(int index, out int piece)
    {
        (int stage, piece) = Math.DivRem(index, _stagePieces);
        (int group, int block) = Math.DivRem(stage, _sizes.Staged.Blocks);
        return new(_sizes.Staged, block, group, _shared + _sharedInput, _shared + _sharedOutput);
    }

    /// <summary>The passes for the channels that remain: whole vectors as long as there are any.</summary>
    private AxisPasses Passes(int channels) => channels >= V.Count ? _wide : channels >= F32x4.Count ? _four : _one;
}

/// <summary>The passes of the tiles of a grid on vectors of one width.</summary>
internal sealed class AxisPasses
{
    private readonly TilePasses _smallRow, _largeRow, _smallColumn, _largeColumn;
    private readonly TileGrid _grid;

    private AxisPasses(TileGrid grid, Func<int, int, TilePasses> passes)
    {
        _grid = grid;
        _smallRow = passes(grid.Rows.Small, grid.Rows.Kernel);
        _largeRow = passes(grid.Rows.Large, grid.Rows.Kernel);
        _smallColumn = passes(grid.Columns.Small, grid.Columns.Kernel);
        _largeColumn = passes(grid.Columns.Large, grid.Columns.Kernel);
        Lanes = _smallRow.Lanes;
    }

    /// <summary>Channels that each pass works on.</summary>
    public int Lanes { get; }

    /// <summary>The passes with all points of rows, for weights.</summary>
    public TilePasses LargestRow => _grid.Rows.LargeCount > 0 ? _largeRow : _smallRow;

    /// <summary>The passes with all points of columns, for weights.</summary>
    public TilePasses LargestColumn => _grid.Columns.LargeCount > 0 ? _largeColumn : _smallColumn;

    /// <summary>Passes on vectors <typeparamref name="V"/>.</summary>
    public static AxisPasses Create<V>(TileGrid grid)
        where V : unmanaged, ISimd<V> => new(grid, WinogradTiles.Passes<V>);

    /// <summary>Vertical passes of tile row <paramref name="i"/>.</summary>
    public TilePasses Row(int i) => _grid.Rows.IsLarge(i) ? _largeRow : _smallRow;

    /// <summary>Horizontal passes of tile column <paramref name="j"/>.</summary>
    public TilePasses Column(int j) => _grid.Columns.IsLarge(j) ? _largeColumn : _smallColumn;
}
