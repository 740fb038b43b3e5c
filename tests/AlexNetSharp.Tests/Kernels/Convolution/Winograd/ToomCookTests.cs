using System.Reflection;
using AlexNetSharp.Generators;
using AlexNetSharp.Kernels.Convolution.Winograd;

namespace AlexNetSharp.Tests.Kernels.Convolution.Winograd;

/// <summary>The derivation of tiles from their points, in exact arithmetic.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public class ToomCookTests
{
    /// <summary>All tiles of the library, found by their attribute.</summary>
    private static readonly (string Name, WinogradTileAttribute Tile)[] s_tiles =
        [.. typeof(IWinogradTile).Assembly.GetTypes()
            .Select(type => (type.Name, type.GetCustomAttribute<WinogradTileAttribute>()!)).Where(tile => tile.Item2 is not null)];

    public static TheoryData<int, string> Tiles
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach ((_, WinogradTileAttribute tile) in s_tiles)
                data.Add(tile.Kernel, tile.Points);
            data.Add(3, "0, ∞, 1, -1, 3, 1/4");
            data.Add(2, "∞, 1, -3/2");
            return data;
        }
    }

    [Fact]
    public void EveryTileIsTested() => Assert.Equal(8, s_tiles.Length);

    [Theory, MemberData(nameof(Tiles))]
    public void TransformsComputeTheCorrelation(int kernel, string points)
    {
        ToomCook tile = ToomCook.Parse(kernel, points);
        Rational[,] g = tile.WeightTransform().Matrix(), b = tile.InputTransform().Matrix(), a = tile.OutputAdjoint().Matrix();
        // y[i] = Σ over p of A[p, i]·(Σ G[p, j] w[j])·(Σ Bᵀ[p, k] x[k]) is x[i + j] w[j] exactly when the sum over p is 1 for k = i + j, else 0.
        for (int i = 0; i < tile.Outputs; i++)
            for (int j = 0; j < kernel; j++)
                for (int k = 0; k < tile.Points; k++)
                {
                    Rational sum = 0;
                    for (int p = 0; p < tile.Points; p++)
                        sum += a[p, i] * g[p, j] * b[p, k];
                    Assert.Equal(k == i + j ? 1 : 0, sum);
                }
    }

    [Theory, MemberData(nameof(Tiles))]
    public void ReversedProgramsAreTransposed(int kernel, string points)
    {
        ToomCook tile = ToomCook.Parse(kernel, points);
        foreach (LinearProgram program in (LinearProgram[])[tile.WeightTransform(), tile.InputTransform(), tile.OutputAdjoint()])
        {
            Rational[,] matrix = program.Matrix(), transposed = program.Transpose().Matrix();
            Assert.Equal(matrix.GetLength(0), transposed.GetLength(1));
            for (int r = 0; r < matrix.GetLength(0); r++)
                for (int c = 0; c < matrix.GetLength(1); c++)
                    Assert.Equal(matrix[r, c], transposed[c, r]);
        }
    }

    [Fact]
    public void TilesOfTheSameKernelShareTransformedWeights()
    {
        foreach (IGrouping<int, (string Name, WinogradTileAttribute Tile)> family in s_tiles.GroupBy(tile => tile.Tile.Kernel))
        {
            WinogradTileAttribute largest = family.MaxBy(tile => tile.Tile.Points.Length).Tile;
            Rational[,] all = ToomCook.Parse(largest.Kernel, largest.Points).WeightTransform().Matrix();
            foreach ((_, WinogradTileAttribute tile) in family)
            {
                Rational[,] some = ToomCook.Parse(tile.Kernel, tile.Points).WeightTransform().Matrix();
                for (int p = 0; p < some.GetLength(0); p++)
                    for (int j = 0; j < tile.Kernel; j++)
                        Assert.Equal(all[p, j], some[p, j]);
            }
        }
    }

    [Fact]
    public void SharedSumsSaveHalfOfTheOperations()
    {
        // Bᵀ of F(5, 3) has 41 coefficients; with shared sums 20 operations are left.
        LinearProgram program = ToomCook.Parse(3, "0, ∞, 1, -1, 2, -2, 1/2").InputTransform();
        Assert.Equal(20, program.Nodes.Sum(terms => Math.Max(0, terms.Count - 1)));
    }

    [Theory]
    [InlineData(3, "0, 1, -1, 2")]
    [InlineData(3, "0, ∞, 1, 1")]
    [InlineData(5, "0, ∞, 1, -1")]
    public void PointsThatMakeNoTileAreRefused(int kernel, string points) =>
        Assert.Throws<ArgumentException>(() => ToomCook.Parse(kernel, points));
}
