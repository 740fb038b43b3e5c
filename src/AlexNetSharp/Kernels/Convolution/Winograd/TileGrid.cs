namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>The tiles of one output image: rows times columns of tiles.</summary>
/// <param name="Rows">Division of the output's height.</param>
/// <param name="Columns">Division of the output's width.</param>
internal readonly record struct TileGrid(TileAxis Rows, TileAxis Columns)
{
    /// <summary>Planes: the points of the largest tile. Point (p, q) is plane p·<see cref="Pitch"/> + q.</summary>
    public int Planes => Rows.MaxPoints * Columns.MaxPoints;

    /// <summary>Planes between points one above the other.</summary>
    public int Pitch => Columns.MaxPoints;

    /// <summary>Plane of the point (1, 1).</summary>
    public int PlaneOfOne => WinogradTiles.PointOne * Pitch + WinogradTiles.PointOne;

    /// <summary>Multiplications for each image and pair of channels.</summary>
    public long Multiplications => (long)Rows.TotalPoints * Columns.TotalPoints;

    /// <summary>The tiles as text: <c>F(4×4, 5×5)</c>.</summary>
    public string Name => $"F({Rows.Sizes}×{Columns.Sizes}, {Rows.Kernel}×{Columns.Kernel})";

    /// <summary>What a forward pass costs, in multiply-adds.</summary>
    /// <remarks>
    /// In vectors of 16 lanes: one multiply-add for each point, tile and pair of channels; about 12 instructions for each point, tile and channel
    /// in the transforms, which grow with both channel counts; and about 4 for each transformed weight, which has to be made and read. Shorter vectors
    /// take as many more for all of them. <c>bench/AlexNetSharp.Kernels -- tiles</c> measures it.
    /// </remarks>
    public double Cost(int batch, int inputChannels, int outputChannels)
    {
        double channels = (double)inputChannels * outputChannels;
        return batch * (double)Multiplications * (channels + 12 * (inputChannels + outputChannels)) + 4.0 * Planes * channels;
    }

    /// <summary>The division of an output that costs least.</summary>
    public static TileGrid Choose(int height, int width, int kernelHeight, int kernelWidth, int batch, int inputChannels, int outputChannels)
    {
        TileGrid best = default;
        double least = double.PositiveInfinity;
        TileAxis[] columns = [.. TileAxis.Candidates(width, kernelWidth)];
        foreach (TileAxis r in TileAxis.Candidates(height, kernelHeight))
            foreach (TileAxis c in columns)
            {
                var grid = new TileGrid(r, c);
                double cost = grid.Cost(batch, inputChannels, outputChannels);
                // Of equal ones the last, with the most even sizes.
                if (cost <= least)
                    (best, least) = (grid, cost);
            }
        return best;
    }
}

/// <summary>Some tile rows of some images, and the order of their tiles as rows of the matrix products.</summary>
/// <remarks>
/// Tiles of two sizes in both dimensions are ordered [small × large][large × large][large × small][small × small] (rows × columns). The points
/// that only large tiles have are then one contiguous range of matrix rows: the first two groups for extra columns, the middle two for
/// extra rows, the second for both; all other points take every row.
/// </remarks>
internal readonly struct TileBlock
{
    private readonly TileGrid _grid;
    private readonly int _smallRows, _largeRows, _firstSmall, _firstLarge;
    private readonly int _group1, _group2, _group3;

    /// <summary>The block of <paramref name="images"/> images and <paramref name="tileRows"/> rows of tiles from the given first ones.</summary>
    public TileBlock(TileGrid grid, int firstImage, int images, int firstTileRow, int tileRows)
    {
        _grid = grid;
        FirstImage = firstImage;
        Images = images;
        FirstTileRow = firstTileRow;
        TileRows = tileRows;
        TileAxis rows = grid.Rows, columns = grid.Columns;
        _firstSmall = Math.Min(firstTileRow, rows.SmallCount);
        _firstLarge = Math.Max(firstTileRow, rows.SmallCount);
        _smallRows = Math.Min(firstTileRow + tileRows, rows.SmallCount) - _firstSmall;
        _largeRows = tileRows - _smallRows;
        _group1 = images * _smallRows * columns.LargeCount;
        _group2 = _group1 + images * _largeRows * columns.LargeCount;
        _group3 = _group2 + images * _largeRows * columns.SmallCount;
        Rows = _group3 + images * _smallRows * columns.SmallCount;
    }

    /// <summary>First image.</summary>
    public int FirstImage { get; }

    /// <summary>Number of images.</summary>
    public int Images { get; }

    /// <summary>First row of tiles.</summary>
    public int FirstTileRow { get; }

    /// <summary>Number of rows of tiles.</summary>
    public int TileRows { get; }

    /// <summary>Matrix rows: tiles.</summary>
    public int Rows { get; }

    /// <summary>The image and tile row of row <paramref name="index"/> of the block, counted through its images.</summary>
    public (int Image, int TileRow) TileRow(int index)
    {
        (int image, int row) = Math.DivRem(index, TileRows);
        return (FirstImage + image, FirstTileRow + row);
    }

    /// <summary>The matrix row of tile (<paramref name="i"/>, <paramref name="j"/>) of image <paramref name="n"/>.</summary>
    public int Row(int n, int i, int j)
    {
        TileAxis columns = _grid.Columns;
        bool tall = _grid.Rows.IsLarge(i), wide = columns.IsLarge(j);
        int group = tall ? wide ? _group1 : _group2 : wide ? 0 : _group3;
        int row = (n - FirstImage) * (tall ? _largeRows : _smallRows) + i - (tall ? _firstLarge : _firstSmall);
        return group + row * (wide ? columns.LargeCount : columns.SmallCount) + j - (wide ? columns.SmallCount : 0);
    }

    /// <summary>The four groups of tiles of one size, in order, with a tile row and column that each is made of.</summary>
    public void Groups(Span<(int First, int Count, int Row, int Column)> groups)
    {
        int smallRow = 0, largeRow = _grid.Rows.Tiles - 1, smallColumn = 0, largeColumn = _grid.Columns.Tiles - 1;
        groups[0] = (0, _group1, smallRow, largeColumn);
        groups[1] = (_group1, _group2 - _group1, largeRow, largeColumn);
        groups[2] = (_group2, _group3 - _group2, largeRow, smallColumn);
        groups[3] = (_group3, Rows - _group3, smallRow, smallColumn);
    }

    /// <summary>The matrix rows that have point (p, q) = <paramref name="plane"/>.</summary>
    public (int First, int Count) Range(int plane)
    {
        (int p, int q) = Math.DivRem(plane, _grid.Pitch);
        bool tall = p >= _grid.Rows.SmallPoints && _grid.Rows.LargeCount > 0, wide = q >= _grid.Columns.SmallPoints && _grid.Columns.LargeCount > 0;
        int first = tall ? _group1 : 0, end = tall ? wide ? _group2 : _group3 : wide ? _group2 : Rows;
        return (first, end - first);
    }
}
