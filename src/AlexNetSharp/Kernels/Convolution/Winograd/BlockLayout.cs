using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>The tiles of a batch cut into equal blocks, and where the matrices of one block lie. All sizes in floats.</summary>
/// <remarks>
/// For every plane (point) there are a transformed input [tiles, ic] and a transformed output [tiles, oc], in panels of 32 columns as
/// <see cref="GemmKernel"/> takes them. Planes follow one another at an odd number of cache lines, so that the points of a tile do not compete for
/// the same set of the cache.
/// </remarks>
internal sealed class BlockLayout
{
    private const int Width = GemmKernel.PanelWidth;

    private readonly TileGrid _grid;

    /// <summary>Blocks of at most <paramref name="images"/> images and <paramref name="tileRows"/> rows of tiles.</summary>
    public BlockLayout(TileGrid grid, int batch, int images, int tileRows, int inputPanels, int outputPanels)
    {
        _grid = grid;
        Images = new EvenSplit(batch, images, 1);
        TileRows = new EvenSplit(grid.Rows.Tiles, tileRows, 1);
        PanelStride = checked(Width * Images.Length(0) * TileRows.Length(0) * grid.Columns.Tiles);
        InputPlane = Odd((long)inputPanels * PanelStride);
        OutputPlane = Odd((long)outputPanels * PanelStride);
    }

    /// <summary>The batch cut into parts.</summary>
    public EvenSplit Images { get; }

    /// <summary>The tile rows of an image cut into parts.</summary>
    public EvenSplit TileRows { get; }

    /// <summary>Number of blocks.</summary>
    public int Blocks => Images.Count * TileRows.Count;

    /// <summary>Floats between panels of transformed input and output.</summary>
    public int PanelStride { get; }

    /// <summary>Floats between planes of transformed input.</summary>
    public int InputPlane { get; }

    /// <summary>Floats between planes of transformed output.</summary>
    public int OutputPlane { get; }

    /// <summary>All planes of transformed input.</summary>
    public long InputLength => (long)_grid.Planes * InputPlane;

    /// <summary>All planes of transformed output.</summary>
    public long OutputLength => (long)_grid.Planes * OutputPlane;

    /// <summary>Block <paramref name="index"/>: parts of tile rows within parts of the batch.</summary>
    public TileBlock Block(int index)
    {
        (int images, int tileRows) = Math.DivRem(index, TileRows.Count);
        int firstImage = Images.Start(images), firstRow = TileRows.Start(tileRows);
        return new TileBlock(_grid, firstImage, Images.Length(firstImage), firstRow, TileRows.Length(firstRow));
    }

    /// <summary>An odd number of cache lines of 16 floats, at least <paramref name="length"/>.</summary>
    public static int Odd(long length) => checked((int)((length + 15) / 16 | 1) * 16);
}

/// <summary>What a piece of work is about: one group of channels of one block of tiles, and its matrices.</summary>
internal readonly unsafe struct BlockMatrices(BlockLayout layout, int block, int group, float* input, float* output)
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Strides.</summary>
    public BlockLayout Layout { get; } = layout;

    /// <summary>The tiles.</summary>
    public TileBlock Tiles { get; } = layout.Block(block);

    /// <summary>The group of channels.</summary>
    public int Group { get; } = group;

    /// <summary>Transformed input, or its gradient.</summary>
    public float* Input { get; } = input;

    /// <summary>Transformed output, or its gradient.</summary>
    public float* Output { get; } = output;

    /// <summary>Transformed input at one point, from a row and panel on.</summary>
    public float* InputAt(int plane, int row, int panel = 0) => Input + (long)plane * Layout.InputPlane + (nint)panel * Layout.PanelStride + Width * row;

    /// <summary>Transformed output at one point, from a row and panel on.</summary>
    public float* OutputAt(int plane, int row, int panel = 0) =>
        Output + (long)plane * Layout.OutputPlane + (nint)panel * Layout.PanelStride + Width * row;
}
