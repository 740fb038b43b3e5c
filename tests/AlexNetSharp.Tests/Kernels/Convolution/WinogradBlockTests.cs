using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Convolution.Winograd;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Kernels.Convolution;

[Trait(AnyTier.Name, AnyTier.Value)]
public class WinogradBlockTests
{
    private static readonly CacheSizes s_zen3 = CacheSizes.FromText("32K,512K,32M,2")!, s_small = CacheSizes.FromText("32K,512K,8M,1")!;

    private static ConvGeometry Conv2(int batch) => new(batch, 27, 27, 64, 27, 27, 192, 5, 5, 1, 1, 2, 2, 1);

    private static ConvRequest Training => new(Relu: true, WeightGradient: true, InputGradient: true, Precise: false) { Threads = 2 };

    [Fact]
    public void BlocksOfForwardFollowTheCaches()
    {
        BlockLayout large = new WinogradSizes(Conv2(32), Training, s_zen3).Fused!, small = new WinogradSizes(Conv2(32), Training, s_small).Fused!;
        // With eight tiles a block the weights come from the last level for every eight rows of work.
        Assert.InRange((large.InputLength + large.OutputLength) * sizeof(float), 1 << 20, 4 << 20);
        Assert.True(small.InputLength < large.InputLength);
    }

    [Fact]
    public void TheWholeCacheOfAServerIsNotOurs()
    {
        // Two of its processors in a virtual machine: the neighbors use the rest.
        ConvGeometry large = ConvCase.Square(8, 512, 64, 64, 3, before: 1, after: 1).Geometry;
        // Nor do caches that no block fits into, such as those of a virtual machine that does not tell.
        foreach (string caches in (string[])["48K,2M,300M,2", "32K,512K,8M,4"])
        {
            BlockLayout block = new WinogradSizes(large, Training, CacheSizes.FromText(caches)).Fused!;
            Assert.InRange((block.InputLength + block.OutputLength) * sizeof(float), 1 << 20, 16 << 20);
        }
    }

    [Fact]
    public void BlocksOfBackwardDoNot()
    {
        WinogradSizes a = new(Conv2(32), Training, s_zen3), b = new(Conv2(32), Training, s_small);
        Assert.Equal(a.FusedBackward!.Blocks, b.FusedBackward!.Blocks);
        Assert.Equal(a.BackwardParts.Count, b.BackwardParts.Count);
        Assert.Equal((a.Staged.Blocks, a.SmallWeights), (b.Staged.Blocks, b.SmallWeights));
        Assert.Equal(a.Grid, b.Grid);
    }

    [Theory]
    [InlineData(8, 2), InlineData(8, 16), InlineData(32, 16), InlineData(128, 64)]
    public void AllThreadsGetPieces(int batch, int threads)
    {
        var sizes = new WinogradSizes(Conv2(batch), Training with { Threads = threads }, s_zen3);
        Assert.True(sizes.Fused!.Blocks >= Math.Min(batch * sizes.Grid.Rows.Tiles, 4 * threads));
    }

    [Fact]
    public void DataCostsMoreTheFartherItIs()
    {
        double[] costs = [.. ((long[])[16 << 10, 256 << 10, 4 << 20, 64 << 20]).Select(bytes => TrafficCost.PerByte(s_zen3, bytes))];
        Assert.Equal(costs.Order(), costs);
        Assert.Equal(4, costs.Distinct().Count());
    }
}
