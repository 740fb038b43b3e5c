using AlexNetSharp.Kernels.Convolution.Winograd;

namespace AlexNetSharp.Tests.Kernels.Convolution.Winograd;

/// <summary>How outputs are cut into tiles, and the order of the tiles.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public class TileGridTests
{
    [Fact]
    public void AlexNetsSizesAreCutAsMeant()
    {
        Assert.Equal("F(4+5×4+5, 3×3)", TileGrid.Choose(13, 13, 3, 3, 32, 384, 256).Name);
        Assert.Equal(19 * 19, TileGrid.Choose(13, 13, 3, 3, 32, 384, 256).Multiplications);
        TileGrid conv2 = TileGrid.Choose(27, 27, 5, 5, 32, 64, 192);
        Assert.Equal(7, conv2.Rows.Tiles);
        Assert.True(conv2.Rows.TotalPoints <= 7 * 8);
        TileGrid conv1 = TileGrid.Choose(55, 55, 3, 3, 32, 48, 64);
        Assert.True(conv1.Columns.TotalPoints <= 11 * 7);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void EveryOutputIsCoveredOnce(int kernel)
    {
        for (int length = 1; length <= 70; length++)
            foreach (TileAxis axis in TileAxis.Candidates(length, kernel))
            {
                Assert.InRange(axis.Length, length, length + Math.Max(axis.Small, axis.Large) - 1);
                int next = 0;
                for (int i = 0; i < axis.Tiles; i++)
                {
                    Assert.Equal(next, axis.Start(i));
                    next += axis.Size(i);
                }
                Assert.Equal(axis.Length, next);
            }
    }

    [Theory]
    [InlineData(13, 13, 3, 0, 5)]
    [InlineData(13, 8, 2, 1, 1)]
    [InlineData(27, 13, 2, 0, 2)]
    [InlineData(4, 4, 5, 0, 1)]
    public void EveryPointTakesJustTheTilesThatHaveIt(int height, int width, int images, int firstTileRow, int tileRows)
    {
        var grid = new TileGrid(
            TileAxis.Candidates(height, 3).First(a => a.Small == 4 && (a.LargeCount > 0) == (height > 4)),
            TileAxis.Candidates(width, 3).First(a => a.Small == 4 && (a.LargeCount > 0) == (width == 13)));
        tileRows = Math.Min(tileRows, grid.Rows.Tiles - firstTileRow);
        var block = new TileBlock(grid, 7, images, firstTileRow, tileRows);
        var rowsOfPlane = Enumerable.Range(0, grid.Planes).Select(_ => new List<int>()).ToArray();
        for (int n = 7; n < 7 + images; n++)
            for (int i = firstTileRow; i < firstTileRow + tileRows; i++)
                for (int j = 0; j < grid.Columns.Tiles; j++)
                    for (int p = 0; p < grid.Rows.Size(i) + 2; p++)
                        for (int q = 0; q < grid.Columns.Size(j) + 2; q++)
                            rowsOfPlane[p * grid.Pitch + q].Add(block.Row(n, i, j));
        for (int plane = 0; plane < grid.Planes; plane++)
        {
            (int first, int count) = block.Range(plane);
            Assert.Equal(Enumerable.Range(first, count), rowsOfPlane[plane].Order());
        }
        Assert.Equal(images * tileRows * grid.Columns.Tiles, block.Rows);
    }
}
