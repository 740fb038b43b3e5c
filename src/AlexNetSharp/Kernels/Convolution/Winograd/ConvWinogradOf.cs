using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>Convolution by Winograd tiles on vectors <typeparamref name="V"/>: memory and pieces of work.</summary>
/// <remarks>
/// For every tile, Y = Aᵀ[Σ over channels of (G w Gᵀ) ⊙ (Bᵀ x B)]A. The element-wise product, summed over channels, is for each of the n² points one
/// matrix product [tiles, ic]·[ic, oc], and these hold nearly all of the arithmetic. Backward is the exact adjoint of each step in reverse order.
/// Derivation, tiles and error: <c>docs/winograd.md</c>. Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015.
/// </remarks>
internal sealed unsafe partial class ConvWinograd<V> : ConvAlgorithm
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

    private float* _zeros, _weights, _shared, _workers;

    // Of the call in progress: what all threads work on.
    private int _group, _block;

    /// <summary>Chooses tiles and lays out memory; <see cref="ConvWinograd.Supports"/> must be true.</summary>
    public ConvWinograd(ConvGeometry geometry, ConvRequest request)
        : base(geometry, request)
    {
        _sizes = new WinogradSizes(geometry, request);
        _grid = _sizes.Grid;
        _fold = _sizes.Fold;
        _wide = AxisPasses.Create<V>(_grid);
        _four = AxisPasses.Create<F32x4>(_grid);
        _one = AxisPasses.Create<F32x1>(_grid);
        TileBlock whole = new(_grid, 0, 1, 0, _grid.Rows.Tiles);
        _planes = [.. Enumerable.Range(0, _grid.Planes).Where(p => whole.Range(p).Count > 0).OrderByDescending(p => whole.Range(p).Count)];

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

    /// <summary>The zeros that stand for pixels outside the image and for a bias that is null.</summary>
    private long Zeros => AlignedBuffer.WholeLines(WinogradTiles.MaxPoints * Math.Max(Geometry.InputChannels, Geometry.OutputChannels));

    /// <summary>Transformed weights of one group.</summary>
    private long WeightLength => (long)_grid.Planes * _sizes.WeightPlane;

    /// <summary>Transformed weights of the group in progress.</summary>
    private float* Weights => _weights + _group * WeightLength;

    /// <summary>Parts of the batch whose weight gradients are summed on their own.</summary>
    private int Parts => _sizes.FusedBackward is null ? 1 : _sizes.BackwardParts.Count;

    /// <summary>Floats between points of the transposed weights.</summary>
    private long TransposedPlane => (long)Width * Width * _sizes.OutputPanels * _sizes.InputPanels;

    /// <summary>Gradient of the transformed weights of the group in progress: the sum of one part.</summary>
    private float* GradWeights(int part) => _shared + _sharedGradWeight + part * WeightLength;

    /// <summary>Gradient of the biases of the group in progress: the sums of one part.</summary>
    private float* GradBiases(int part) => _shared + _sharedGradBias + (long)part * Width * _sizes.OutputPanels;

    /// <summary>Transposed weights of one point, where backward is fused.</summary>
    private float* Transposed(int plane) => _shared + _sharedTransposed + plane * TransposedPlane;

    public override long ScratchLength(int threads) => _sharedLength + threads * _workerLength;

    private protected override void OnBind(float* preparedWeight, float* scratch)
    {
        _zeros = preparedWeight;
        _weights = preparedWeight + Zeros;
        _shared = scratch;
        _workers = scratch + _sharedLength;
        MakeForwardJobs();
        MakeBackwardJobs();
    }

    private float* Worker(int worker, long part) => _workers + worker * _workerLength + part;

    /// <summary>Block <paramref name="index"/> of one piece of work.</summary>
    private BlockMatrices FusedBlock(int index, int worker) =>
        new(_sizes.Fused!, _sizes.Fused!.Block(index), Worker(worker, _workerInput), Worker(worker, _workerOutput));

    /// <summary>The block that all threads work on.</summary>
    private BlockMatrices StagedBlock() => new(_sizes.Staged, _sizes.Staged.Block(_block), _shared + _sharedInput, _shared + _sharedOutput);

    /// <summary>The passes for the channels that remain: whole vectors as long as there are any.</summary>
    private AxisPasses Passes(int channels) => channels >= V.Count ? _wide : channels >= F32x4.Count ? _four : _one;

    /// <summary>A piece of work that is a method.</summary>
    private sealed class MethodJob(Action<int, int> method) : Job
    {
        public override void Execute(int index, int worker) => method(index, worker);
    }
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
    }

    /// <summary>Channels that each pass works on.</summary>
    public int Lanes => _smallRow.Lanes;

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
