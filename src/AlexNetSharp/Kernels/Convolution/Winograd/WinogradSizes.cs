using AlexNetSharp.Kernels.Gemm;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>How a convolution is cut into blocks of tiles, and where its matrices lie in memory. All sizes in floats.</summary>
/// <remarks>
/// <para>
/// A matrix for every plane (point): transformed input [tiles, ic], transformed output [tiles, oc], transformed weights [ic, oc] and their transpose,
/// all in panels of 32 columns as <see cref="GemmKernel"/> takes them. Planes follow one another at an odd number of
/// cache lines, so that the points of a tile do not compete for the same set of the cache.
/// </para>
/// <para>
/// <b>Fused:</b> where the transformed weights are small, one piece of work takes a block of tiles through all stages while it is in the cache of its
/// core, and every thread has its own matrices. <b>Staged:</b> where they are large, all threads transform, multiply and transform back one large
/// block together, so that the weights are read once.
/// </para>
/// </remarks>
internal sealed class WinogradSizes
{
    /// <summary>Transformed weights up to this size (4 MiB) stay in the shared cache beside the matrices of fused blocks.</summary>
    private const long FusedWeights = 1 << 20;

    /// <summary>Tiles in a fused block, about: enough to use each weight often, few enough to stay in the cache.</summary>
    private const int FusedTiles = 48;

    /// <summary>Fewer fused blocks than this would leave threads without work.</summary>
    private const int LeastFusedBlocks = 8;

    /// <summary>Floats of transformed input and output in a staged block (64 MiB).</summary>
    private const long StagedBlock = 16 << 20;

    /// <summary>Partial sums of the weight gradient in fused mode: fixed, so that no result depends on the number of threads.</summary>
    private const int MostChunks = 8;

    /// <summary>Lays out a convolution.</summary>
    public WinogradSizes(ConvGeometry geometry, ConvRequest request)
    {
        Fold = new KernelFold(geometry);
        InputChannels = Fold.Channels;
        OutputChannels = geometry.OutputChannels / geometry.Groups;
        InputPanels = GemmKernel.Panels(InputChannels);
        OutputPanels = GemmKernel.Panels(OutputChannels);
        Grid = TileGrid.Choose(
            geometry.OutputHeight, geometry.OutputWidth, Fold.Height, Fold.Width, geometry.Batch, InputChannels, OutputChannels);
        TileGrid grid = Grid;
        int tiles = grid.Rows.Tiles * grid.Columns.Tiles;
        (int imagesOfBlock, int tileRows) = tiles < FusedTiles
            ? (Ceiling(FusedTiles, tiles), grid.Rows.Tiles)
            : (1, Math.Min(Ceiling(FusedTiles, grid.Columns.Tiles), grid.Rows.Tiles));
        Fused = (long)grid.Planes * InputChannels * OutputChannels <= FusedWeights
            && (long)Ceiling(geometry.Batch, imagesOfBlock) * Ceiling(grid.Rows.Tiles, tileRows) >= LeastFusedBlocks;
        if (!Fused)
        {
            long image = (long)grid.Planes * tiles * 32 * (InputPanels + OutputPanels);
            imagesOfBlock = (int)Math.Clamp(StagedBlock / image, 1, geometry.Batch);
            tileRows = grid.Rows.Tiles;
        }
        Images = Parts(geometry.Batch, imagesOfBlock);
        TileRows = Parts(grid.Rows.Tiles, tileRows);
        Chunks = Fused ? request.WeightGradient ? Math.Min(Images.Count, MostChunks) : Images.Count : 1;

        int rows = Images.Length(0) * TileRows.Length(0) * grid.Columns.Tiles;
        PanelStride = 32 * rows;
        InputPlane = Odd((long)InputPanels * PanelStride);
        OutputPlane = Odd((long)OutputPanels * PanelStride);
        WeightPlane = Odd((long)OutputPanels * InputChannels * 32);
        TransposedPlane = Odd((long)InputPanels * OutputChannels * 32);
        FoldedWidth = grid.Columns.Length + Fold.Width - 1;
        FoldedHeight = grid.Rows.Length + Fold.Height - 1;
        Zeros = WinogradTiles.MaxPoints * Math.Max(geometry.InputChannels, geometry.OutputChannels) + 64;
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

    /// <summary>Whether each piece of work does all stages of a block.</summary>
    public bool Fused { get; }

    /// <summary>The batch cut into blocks.</summary>
    public EvenSplit Images { get; }

    /// <summary>The tile rows of an image cut into blocks.</summary>
    public EvenSplit TileRows { get; }

    /// <summary>Pieces of work in fused backward, each some blocks of images one after the other.</summary>
    public int Chunks { get; }

    /// <summary>Floats between panels of transformed input and output.</summary>
    public int PanelStride { get; }

    /// <summary>Floats between planes of transformed input.</summary>
    public int InputPlane { get; }

    /// <summary>Floats between planes of transformed output.</summary>
    public int OutputPlane { get; }

    /// <summary>Floats between planes of transformed weights.</summary>
    public int WeightPlane { get; }

    /// <summary>Floats between planes of transposed transformed weights.</summary>
    public int TransposedPlane { get; }

    /// <summary>Columns of the folded image.</summary>
    public int FoldedWidth { get; }

    /// <summary>Rows of the folded image.</summary>
    public int FoldedHeight { get; }

    /// <summary>Length of the zeros that stand for pixels outside the image and for a bias that is null.</summary>
    public int Zeros { get; }

    /// <summary>Block <paramref name="index"/>: blocks of tile rows within blocks of images.</summary>
    public TileBlock Block(int index)
    {
        (int images, int tileRows) = Math.DivRem(index, TileRows.Count);
        int firstImage = Images.Start(images), firstRow = TileRows.Start(tileRows);
        return new TileBlock(Grid, firstImage, Images.Length(firstImage), firstRow, TileRows.Length(firstRow));
    }

    private static EvenSplit Parts(int total, int most) => new(total, most, 1);

    private static int Ceiling(int a, int b) => (a + b - 1) / b;

    /// <summary>An odd number of cache lines of 16 floats.</summary>
    private static int Odd(long length) => checked((int)((length + 15) / 16 | 1) * 16);
}
