using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>The tiles of a convolution, and how it is cut into blocks. All sizes in floats.</summary>
/// <remarks>
/// <para>
/// <b>Staged:</b> all threads transform, multiply and transform back one large block together, so that the transformed weights are read once for many
/// tiles. <b>Fused</b> (where transformed weights are small): one piece of work takes a few tiles through all stages in the cache of its core,
/// and every thread has its own matrices. Processors that do not share a cache pay dearly for what one hands to the other, so fused it is
/// wherever the weights allow.
/// </para>
/// <para>
/// The sums of the weight gradient run over all tiles. Fused, they are split into parts that do not depend on the number of threads; each is summed
/// by one thread in the order of its blocks, and the parts are added in their order at the end: the same bits for any number of threads.
/// </para>
/// <para>
/// Blocks of forward, and the pieces in which backward transposes weights, follow the caches of the machine (<see cref="CacheSizes"/>): no sum runs
/// over them. Blocks of backward are constants, because the weight gradient is summed in their order: the same bits on machines with other caches.
/// </para>
/// </remarks>
internal sealed class WinogradSizes
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Transformed weights up to this size (4 MiB) are cheap to read again for every block.</summary>
    private const long LargestSmall = 1 << 20;

    /// <summary>Transformed input and output of a fused block in backward: 4 MiB, which stay in the part of the shared cache that a core can hope for.</summary>
    private const long FusedBackwardBlock = 1 << 20;

    /// <summary>
    /// Largest block that backward takes fused, transformed input and output: 16 MiB. Larger ones, single images that the gradient of the input needs
    /// whole, would leave every cache, and each thread has one.
    /// </summary>
    private const long LargestFusedBackward = 4 * FusedBackwardBlock;

    /// <summary>Fewer fused blocks than this would leave threads without work.</summary>
    private const int LeastFusedBlocks = 8;

    /// <summary>Fused blocks of forward for each thread, as long as tile rows allow: a thread that is done early then waits for a quarter of its time at most.</summary>
    private const int PiecesOfThread = 4;

    /// <summary>Pieces of work that give every thread something to do.</summary>
    private const int EnoughPieces = 64;

    /// <summary>Most parts of the weight gradient, and the size that they should not exceed together: 32 MiB.</summary>
    private const int MostParts = 16, PartsTogether = 8 << 20;

    /// <summary>Transformed input and output of a staged block: 8 MiB, which stay in the shared cache, or 40 MiB where weights are large.</summary>
    private const long StagedBlock = 2 << 20, LargeStagedBlock = 10 << 20;

    private readonly CacheSizes _caches;
    private readonly int _threads;

    /// <summary>Lays out a convolution.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="request">What is asked of it.</param>
    /// <param name="caches">Caches to lay out for; null for those of this machine.</param>
    /// <param name="tiles">The tiles; null for those that cost least.</param>
    public WinogradSizes(ConvGeometry geometry, ConvRequest request, CacheSizes? caches = null, TileGrid? tiles = null)
    {
        _caches = caches ?? CacheSizes.Current;
        _threads = request.Threads;
        Fold = new KernelFold(geometry);
        InputChannels = Fold.Channels;
        OutputChannels = geometry.OutputChannels / geometry.Groups;
        InputPanels = GemmKernel.Panels(InputChannels);
        OutputPanels = GemmKernel.Panels(OutputChannels);
        TileGrid grid = Grid = tiles ?? TileGrid.Choose(
            geometry.OutputHeight, geometry.OutputWidth, Fold.Height, Fold.Width, geometry.Batch, InputChannels, OutputChannels);

        long tile = (long)Width * grid.Planes * (InputPanels + OutputPanels), row = tile * grid.Columns.Tiles, image = row * grid.Rows.Tiles;
        bool small = SmallWeights = (long)grid.Planes * InputChannels * OutputChannels <= LargestSmall;
        int images = (int)Math.Clamp((small ? StagedBlock : LargeStagedBlock) / image, 1, geometry.Batch);
        Staged = new BlockLayout(grid, geometry.Batch, images, grid.Rows.Tiles, InputPanels, OutputPanels);
        if (!small)
            return;
        Fused = ChooseFused(geometry, request.Threads);
        if (!request.Backward)
            return;

        // The tiles of an image overlap in the gradient of the input, so a block that makes it holds whole images.
        int tileRows = request.InputGradient ? grid.Rows.Tiles : (int)Math.Clamp(FusedBackwardBlock / row, 1, grid.Rows.Tiles);
        images = tileRows < grid.Rows.Tiles ? 1 : (int)Math.Clamp(FusedBackwardBlock / image, 1, (geometry.Batch + MostParts - 1) / MostParts);
        var fused = new BlockLayout(grid, geometry.Batch, images, tileRows, InputPanels, OutputPanels);
        int parts = (int)Math.Clamp(PartsTogether / ((long)grid.Planes * WeightPlane), 1, MostParts);
        BackwardParts = new EvenSplit(fused.Blocks, (fused.Blocks + parts - 1) / parts, 1);
        if (BackwardParts.Count >= LeastFusedBlocks && fused.InputLength + fused.OutputLength <= LargestFusedBackward)
            FusedBackward = fused;
    }

    // Every block reads all transformed weights again, and each tile is written once and read twice on its way through the stages. Between two uses of
    // either lie the weights and the block: larger blocks read weights less often, until what they hold leaves a cache.
    private BlockLayout? ChooseFused(ConvGeometry geometry, int threads)
    {
        BlockLayout? best = null;
        double least = double.PositiveInfinity;
        long weights = (long)Grid.Planes * WeightPlane * sizeof(float);
        int enough = (int)Math.Clamp((long)geometry.Batch * Grid.Rows.Tiles, LeastFusedBlocks, Math.Max(LeastFusedBlocks, PiecesOfThread * threads));
        foreach ((int images, int tileRows) in Enumerable.Range(1, Grid.Rows.Tiles).Select(rows => (1, rows))
            .Concat(Enumerable.Range(2, Math.Max(geometry.Batch / enough - 1, 0)).Select(images => (images, Grid.Rows.Tiles))))
        {
            var layout = new BlockLayout(Grid, geometry.Batch, images, tileRows, InputPanels, OutputPanels);
            if (layout.Blocks < enough)
                continue;
            long block = (layout.InputLength + layout.OutputLength) * sizeof(float);
            // Memory costs the same for any block, so a machine with small caches would get the largest, and every thread that much scratch.
            if (best is not null && weights + block > TrafficCost.LargestShare)
                break;
            // Per block, but blocks are not equally large: the whole batch is what counts.
            double cost = ((double)weights * layout.Blocks + 3.0 * block * layout.Blocks) * TrafficCost.PerByte(_caches, weights + block);
            if (cost < least)
                (best, least) = (layout, cost);
        }
        return best;
    }

    /// <summary>Space to depth.</summary>
    public KernelFold Fold { get; }

    /// <summary>Tiles of an image.</summary>
    public TileGrid Grid { get; }

    /// <summary>Folded input channels of a group.</summary>
    public int InputChannels { get; }

    /// <summary>Output channels of a group.</summary>
    public int OutputChannels { get; }

    /// <summary>Panels of input channels.</summary>
    public int InputPanels { get; }

    /// <summary>Panels of output channels.</summary>
    public int OutputPanels { get; }

    /// <summary>Whether the transformed weights stay in the caches.</summary>
    public bool SmallWeights { get; }

    /// <summary>Blocks that all threads work on together.</summary>
    public BlockLayout Staged { get; }

    /// <summary>Blocks of one piece of work each, in forward; or null where forward is staged too.</summary>
    public BlockLayout? Fused { get; }

    /// <summary>Whether forward is fused, and the images of blocks are enough pieces for all threads: then one of them can take an image through all its blocks.</summary>
    public bool FusedByImage => Fused is { } fused && fused.Images.Count >= PiecesOfThread * _threads && (fused.Images.Length(0) == 1 || fused.TileRows.Count == 1);

    /// <summary>Blocks of one piece of work each, in backward; or null where backward is staged.</summary>
    public BlockLayout? FusedBackward { get; }

    /// <summary>The blocks of <see cref="FusedBackward"/> cut into parts, each with its own sums of the weight gradient.</summary>
    public EvenSplit BackwardParts { get; }

    /// <summary>Floats between planes of transformed weights [ic, oc], which lie in panels of oc.</summary>
    public int WeightPlane => BlockLayout.Odd((long)OutputPanels * InputChannels * Width);

    /// <summary>
    /// Panels of input channels that the product for the input's gradient takes at a time: those whose weights are transposed just before, a quarter
    /// of a second-level cache, or all where backward is fused and they were transposed for all blocks beforehand.
    /// </summary>
    public EvenSplit InputPieces => new(
        InputPanels, FusedBackward is not null ? InputPanels : (int)Math.Max(1, _caches.Second / 4 / sizeof(float) / (Width * Width * OutputPanels)), 1);

    /// <summary>
    /// Panels of input channels that one piece of work adds up for the gradient of the input, where backward is staged: fewer than all where there
    /// are few images, but all where the image is folded, which mixes channels.
    /// </summary>
    public EvenSplit AddedPanels => new(
        InputPanels, Fold.Rearranges ? InputPanels : Math.Max(1, InputPanels * Staged.Images.Length(0) / EnoughPieces), 1);

    /// <summary>Columns of the folded image.</summary>
    public int FoldedWidth => Grid.Columns.Length + Fold.Width - 1;

    /// <summary>Rows of the folded image.</summary>
    public int FoldedHeight => Grid.Rows.Length + Fold.Height - 1;
}
