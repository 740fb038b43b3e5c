using AlexNetSharp.Kernels.Gemm;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>The tiles of a convolution, and how it is cut into blocks. All sizes in floats.</summary>
/// <remarks>
/// <b>Staged:</b> all threads transform, multiply and transform back one large block together, so that the transformed weights are read once for many
/// tiles. <b>Fused</b> (forward with small transformed weights): one piece of work takes a few rows of tiles through all stages in the
/// cache of its core, and every thread has its own matrices. Backward is always staged: the sums of the weight gradient run over all tiles.
/// </remarks>
internal sealed class WinogradSizes
{
    /// <summary>Transformed weights up to this size (4 MiB) are cheap to read again for every block.</summary>
    private const long SmallWeights = 1 << 20;

    /// <summary>Transformed input and output of a fused block: 512 KiB, half of a second-level cache.</summary>
    private const long FusedBlock = 128 << 10;

    /// <summary>Fewer fused blocks than this would leave threads without work.</summary>
    private const int LeastFusedBlocks = 8;

    /// <summary>Transformed input and output of a staged block: 8 MiB, which stay in the shared cache, or 32 MiB where weights are large.</summary>
    private const long StagedBlock = 2 << 20, LargeStagedBlock = 8 << 20;

    /// <summary>Transposed weights of one piece of work: 256 KiB, a quarter of a second-level cache.</summary>
    private const int TransposedPiece = 64 << 10;

    /// <summary>Lays out a convolution.</summary>
    public WinogradSizes(ConvGeometry geometry)
    {
        Fold = new KernelFold(geometry);
        InputChannels = Fold.Channels;
        OutputChannels = geometry.OutputChannels / geometry.Groups;
        InputPanels = GemmKernel.Panels(InputChannels);
        OutputPanels = GemmKernel.Panels(OutputChannels);
        TileGrid grid = Grid = TileGrid.Choose(
            geometry.OutputHeight, geometry.OutputWidth, Fold.Height, Fold.Width, geometry.Batch, InputChannels, OutputChannels);

        long tile = 32L * grid.Planes * (InputPanels + OutputPanels), row = tile * grid.Columns.Tiles, image = row * grid.Rows.Tiles;
        bool small = (long)grid.Planes * InputChannels * OutputChannels <= SmallWeights;
        int images = (int)Math.Clamp((small ? StagedBlock : LargeStagedBlock) / image, 1, geometry.Batch);
        Staged = new BlockLayout(grid, geometry.Batch, images, grid.Rows.Tiles, InputPanels, OutputPanels);
        if (!small)
            return;
        int tileRows = (int)Math.Clamp(FusedBlock / row, 1, grid.Rows.Tiles);
        images = tileRows < grid.Rows.Tiles ? 1 : (int)Math.Clamp(FusedBlock / image, 1, geometry.Batch);
        var fused = new BlockLayout(grid, geometry.Batch, images, tileRows, InputPanels, OutputPanels);
        if (fused.Blocks >= LeastFusedBlocks)
            Fused = fused;
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

    /// <summary>Blocks that all threads work on together.</summary>
    public BlockLayout Staged { get; }

    /// <summary>Blocks of one piece of work each, in forward; or null where forward is staged too.</summary>
    public BlockLayout? Fused { get; }

    /// <summary>Floats between planes of transformed weights [ic, oc], which lie in panels of oc.</summary>
    public int WeightPlane => BlockLayout.Odd((long)OutputPanels * InputChannels * 32);

    /// <summary>Panels of input channels cut into the pieces of the product that gives the input's gradient.</summary>
    public EvenSplit InputPieces => new(InputPanels, Math.Max(1, TransposedPiece / (32 * 32 * OutputPanels)), 1);

    /// <summary>Columns of the folded image.</summary>
    public int FoldedWidth => Grid.Columns.Length + Fold.Width - 1;

    /// <summary>Rows of the folded image.</summary>
    public int FoldedHeight => Grid.Rows.Length + Fold.Height - 1;
}
