using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Kernels.Gemm;

public class TileSplitTests
{
    [Theory]
    [InlineData(32, 14, 11, 2, 10, 1)]
    [InlineData(28, 14, 14, 2, 14, 0)]
    [InlineData(13, 6, 5, 1, 4, 2)]
    [InlineData(1, 6, 1, 1, 1, 0)]
    [InlineData(0, 6, 0, 0, 0, 0)]
    public void TilesAreAsEqualAsCanBe(int rows, int most, int tall, int tallCount, int shorter, int shortCount)
    {
        var tiles = new TileSplit(rows, most);
        Assert.Equal((tall, tallCount), (tiles.Tall, tiles.TallCount));
        Assert.Equal(shortCount, tiles.ShortCount);
        if (shortCount > 0)
            Assert.Equal(shorter, tiles.Short);
    }

    [Fact]
    public void EveryRowIsInATile()
    {
        for (int rows = 0; rows < 200; rows++)
            for (int most = 1; most <= 14; most++)
            {
                var tiles = new TileSplit(rows, most);
                Assert.Equal(rows, tiles.TallRows + tiles.Short * tiles.ShortCount);
                Assert.True(tiles.Tall <= most && (tiles.ShortCount == 0 || tiles.Short == tiles.Tall - 1));
                Assert.Equal((rows + most - 1) / most, tiles.TallCount + tiles.ShortCount);
            }
    }

    [Fact]
    public void TilesOfTheFirstRowsFetchTheNextBlockTogether()
    {
        const int lines = 8 * 32 / 16;
        for (int rows = 1; rows < 100; rows++)
        {
            var tiles = new TileSplit(rows, 6);
            // Two tiles of eight lanes stand beside one another.
            int first = 2 * Math.Min(tiles.TallCount + tiles.ShortCount, (32 + tiles.Tall - 1) / tiles.Tall);
            (int each, int step) = tiles.Fetching<F32x8>();
            Assert.Equal(16, step);
            Assert.True(first * each >= lines && first * (each - 1) < lines);
        }
        // Alone, as wide as a panel: one line of each row.
        Assert.Equal((8, 32), new TileSplit(1, 14).Fetching<F32x16>());
    }
}
