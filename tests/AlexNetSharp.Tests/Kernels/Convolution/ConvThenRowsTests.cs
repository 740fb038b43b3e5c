using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>A convolution that hands its rows on gives the bits of one that writes its map, and of the pooling after it.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public sealed class ConvThenRowsTests
{
    /// <summary>size, inputs, outputs, kernel, stride, padding, groups; window and stride of the pooling.</summary>
    public static TheoryData<int, int, int, int, int, int, int, int, int> Cases => new()
    {
        { 67, 3, 24, 11, 4, 2, 1, 3, 2 },   // conv1: rows of tiles in several blocks, folded
        { 27, 32, 40, 5, 1, 2, 2, 3, 2 },   // groups, channels that fill no panel
        { 31, 20, 36, 3, 1, 1, 1, 2, 2 },   // windows that do not overlap
        { 8, 16, 16, 3, 1, 1, 1, 3, 2 },    // several images in a block
        { 13, 16, 17, 3, 1, 1, 1, 13, 1 },  // one window: all rows have to be there
        { 21, 16, 16, 3, 1, 1, 1, 2, 5 },   // gaps between windows
        { 12, 16, 16, 3, 1, 1, 1, 5, 1 },   // windows higher than a tile
    };

    [Theory, MemberData(nameof(Cases))]
    public void BothTogetherGiveTheBitsOfOneAfterTheOther(
        int size, int inputs, int outputs, int kernel, int stride, int padding, int groups, int window, int poolStride)
    {
        const int batch = 9;
        ConvGeometry g = ConvCase.Square(batch, size, inputs, outputs, kernel, stride, padding, padding, groups).Geometry;
        ConvData data = ConvData.Random(g, seed: 5);
        var axis = new PoolAxis((g.OutputHeight - window) / poolStride + 1, window, poolStride);
        PoolWindows windows = PoolWindows.Sliding(batch, g.OutputHeight, g.OutputWidth, g.OutputChannels, axis, axis);
        var norm = new ResponseNormSettings((long)batch * g.OutputHeight * g.OutputWidth, g.OutputChannels, 4, 1, 0.1f, 0.75f);
        foreach (SimdTier tier in TestedTiers.All)
        {
            KernelSet kernels = KernelSet.Of(tier);
            float[] map = ConvRunner.Run(kernels.ConvWinograd(g, Request(threads: 1)), data).Output;
            foreach (Func<Kernel> pool in (Func<Kernel>[])[
                () => kernels.MaxPool(windows, backward: false), () => kernels.AvgPool(windows), () => kernels.LocalResponseNormMaxPool(norm, windows, relu: true)])
            {
                float[] expected = KernelRunner.Run(pool(), map, Values.Normal(2, (int)(batch * windows.OutputImage)), forwardOnly: true).Output;
                foreach (int threads in (int[])[1, 2])
                {
                    ConvKernel convolution = kernels.ConvWinograd(g, Request(threads));
                    var both = new ConvThenRows(convolution, pool());
                    Assert.InRange(convolution.MapLength, 1, g.OutputLength);
                    Compare.SameBits($"{both.Name}, {tier}, {threads} threads", expected, ConvRunner.Run(both, expected.Length, data, threads, steps: 2));
                }
            }
        }
    }

    [Fact]
    public void RowsAreHandedOnOnlyWhereThatIsPossible()
    {
        ConvGeometry many = ConvCase.Square(8, 27, 32, 32, 5, before: 2, after: 2).Geometry, few = many with { Batch = 7 };
        PoolWindows windows = PoolWindows.Sliding(8, 27, 27, 32, new(13, 3, 2), new(13, 3, 2));
        Kernel pool = KernelSet.Best.MaxPool(windows, backward: false);
        ConvKernel convolution = KernelSet.Best.ConvWinograd(many, Request(threads: 2));
        Assert.True(ConvThenRows.CanJoin(convolution, pool));
        // Places for backward, another kind of operation, too few images for the threads, gradients, an algorithm without blocks.
        Assert.False(ConvThenRows.CanJoin(convolution, KernelSet.Best.MaxPool(windows)));
        Assert.False(ConvThenRows.CanJoin(convolution, KernelSet.Best.Relu(many.OutputLength)));
        Assert.False(ConvThenRows.CanJoin(KernelSet.Best.ConvWinograd(few, Request(threads: 2)), pool));
        Assert.False(ConvThenRows.CanJoin(KernelSet.Best.ConvWinograd(many, Request(threads: 2) with { InputGradient = true }), pool));
        Assert.False(ConvThenRows.CanJoin(KernelSet.Best.ConvGemm(many, Request(threads: 2)), pool));
        Assert.Throws<ArgumentException>(() => new ConvThenRows(KernelSet.Best.ConvGemm(many, Request(threads: 2)), pool));
        Assert.Throws<NotSupportedException>(() => new ConvThenRows(convolution, pool).Backward());
    }

    private static ConvRequest Request(int threads) => new(Relu: true, WeightGradient: false, InputGradient: false, Precise: false) { Threads = threads };
}
