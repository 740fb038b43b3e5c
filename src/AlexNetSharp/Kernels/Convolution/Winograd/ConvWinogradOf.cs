using AlexNetSharp.Simd;
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
    private readonly WinogradSizes _sizes;
    private readonly TileGrid _grid;
    private readonly KernelFold _fold;

    // For whole vectors, groups of four channels, and single ones.
    private readonly AxisPasses _wide, _four, _one;

    // Planes that have rows, those with most rows first.
    private readonly int[] _planes;

    private WorkerPool _pool = null!;
    private float* _zeros, _weights, _shared, _workers, _transposed, _chunkSums;
    private long _workerStride;
    private readonly long _workerInput, _workerOutput, _workerGradWeight, _workerTile, _workerFolded, _workerFoldedImage, _workerPanel, _workerLength;

    // Of the call in progress.
    private float* _weight, _input, _bias, _output, _gradOutput, _gradWeight, _gradBias, _gradInput;
    private int _group, _block;
    private bool _accumulate;

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

        long length = 0;
        if (_sizes.Fused)
        {
            _workerInput = Take((long)_grid.Planes * _sizes.InputPlane);
            _workerOutput = Take((long)_grid.Planes * _sizes.OutputPlane);
            _workerGradWeight = Take(request.WeightGradient ? (long)_grid.Planes * _sizes.WeightPlane : 0);
        }
        _workerTile = Take(TilePasses.ScratchLength);
        long foldedRow = _fold.Rearranges ? (long)_sizes.FoldedWidth * _sizes.InputChannels : 0;
        _workerFolded = Take(WinogradTiles.MaxPoints * foldedRow);
        _workerFoldedImage = Take(request.InputGradient ? _sizes.FoldedHeight * foldedRow : 0);
        _workerPanel = Take(request.InputGradient && !_sizes.Fused ? _sizes.OutputChannels * 32 : 0);
        _workerLength = length;

        long Take(long floats)
        {
            long start = length;
            length = Aligned(length + floats);
            return start;
        }
    }

    public override string Name => _fold.Rearranges
        ? $"winograd {_grid.Name} after space to depth {Geometry.StrideHeight}×{Geometry.StrideWidth}"
        : $"winograd {_grid.Name}";

    public override long ForwardMultiplications =>
        Geometry.Batch * _grid.Multiplications * _sizes.InputChannels * _sizes.OutputChannels * Geometry.Groups;

    public override long PreparedWeightLength => Aligned(_sizes.Zeros) + Geometry.Groups * WeightLength;

    /// <summary>Transformed weights of one group.</summary>
    private long WeightLength => (long)_grid.Planes * _sizes.WeightPlane;

    /// <summary>Matrices of a staged block: transformed input, transformed output, transformed weight gradient.</summary>
    private long SharedLength => _sizes.Fused
        ? 0
        : (long)_grid.Planes * (_sizes.InputPlane + _sizes.OutputPlane) + (Request.WeightGradient ? WeightLength : 0);

    /// <summary>Transposed transformed weights of all groups, which fused pieces of work share.</summary>
    private long TransposedLength => _sizes.Fused && Request.InputGradient ? (long)_grid.Planes * _sizes.TransposedPlane : 0;

    /// <summary>The gradients of weight and bias that one chunk sums up.</summary>
    private long ChunkLength => Aligned(Geometry.WeightLength / Geometry.Groups) + Aligned(_sizes.OutputChannels);

    private long ChunksLength => Request.WeightGradient && _sizes.Fused ? _sizes.Chunks * ChunkLength : 0;

    public override long ScratchLength(int threads) => SharedLength + TransposedLength + ChunksLength + threads * _workerLength;

    public override void Bind(WorkerPool pool, float* preparedWeight, float* workspace, float* scratch)
    {
        _pool = pool;
        _zeros = preparedWeight;
        _weights = preparedWeight + Aligned(_sizes.Zeros);
        _shared = scratch;
        _transposed = _shared + SharedLength;
        _chunkSums = _transposed + TransposedLength;
        _workers = _chunkSums + ChunksLength;
        _workerStride = _workerLength;
        MakeJobs();
    }

    private float* Worker(int worker, long part) => _workers + worker * _workerStride + part;

    /// <summary>Transformed input [tiles, ic] of every plane, later its gradient.</summary>
    private float* InputPlanes(int worker) => _sizes.Fused ? Worker(worker, _workerInput) : _shared;

    /// <summary>Transformed output [tiles, oc] of every plane, or its gradient.</summary>
    private float* OutputPlanes(int worker) =>
        _sizes.Fused ? Worker(worker, _workerOutput) : _shared + (long)_grid.Planes * _sizes.InputPlane;

    /// <summary>Gradient of the transformed weights [ic, oc] of every plane.</summary>
    private float* GradWeightPlanes(int worker) =>
        _sizes.Fused ? Worker(worker, _workerGradWeight) : _shared + (long)_grid.Planes * (_sizes.InputPlane + _sizes.OutputPlane);

    /// <summary>Transformed weights of the group in progress.</summary>
    private float* Weights => _weights + _group * WeightLength;

    /// <summary>The passes for the channels that remain: whole vectors as long as there are any.</summary>
    private AxisPasses Passes(int channels) => channels >= V.Count ? _wide : channels >= F32x4.Count ? _four : _one;

    private static long Aligned(long floats) => (floats + 15) & ~15L;

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
