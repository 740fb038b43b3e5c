using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Convolution.Winograd;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels;

/// <summary>All that computes on vectors, for one width of them: makes the objects without naming the vector. Their constructors say what they want.</summary>
internal abstract class KernelSet
{
    /// <summary>On the widest vectors.</summary>
    public static KernelSet Best { get; } = Of(SimdTiers.Best);

    /// <summary>On the vectors of <paramref name="tier"/>.</summary>
    public static KernelSet Of(SimdTier tier) => SimdTiers.Call<Maker, KernelSet>(default, tier);

    /// <inheritdoc cref="ConvWinograd{V}.ConvWinograd"/>
    public abstract ConvKernel ConvWinograd(ConvGeometry geometry, ConvRequest request, TileGrid? tiles = null);

    /// <inheritdoc cref="ConvDirect{V}.ConvDirect"/>
    public abstract ConvKernel ConvDirect(ConvGeometry geometry, ConvRequest request);

    /// <inheritdoc cref="ConvGemm{V}.ConvGemm"/>
    public abstract ConvKernel ConvGemm(ConvGeometry geometry, ConvRequest request);

    /// <inheritdoc cref="LinearKernel{V}.LinearKernel"/>
    public abstract Kernel Linear(int batch, int inFeatures, int outFeatures, bool relu, bool weightGradient, bool inputGradient, WeightFormat format, bool factors = false, bool fetchesWeight = false);

    /// <inheritdoc cref="LocalResponseNorm{V}.LocalResponseNorm"/>
    public abstract Kernel LocalResponseNorm(ResponseNormSettings settings);

    /// <inheritdoc cref="LocalResponseNormMaxPool{V}.LocalResponseNormMaxPool"/>
    public abstract Kernel LocalResponseNormMaxPool(ResponseNormSettings settings, PoolWindows windows, bool relu);

    /// <inheritdoc cref="WithinChannelNorm{V}.WithinChannelNorm"/>
    public abstract Kernel WithinChannelNorm(WithinChannelSettings settings, bool backward);

    /// <inheritdoc cref="MaxPool{V}.MaxPool"/>
    public abstract Kernel MaxPool(PoolWindows windows, bool backward = true, bool relu = false);

    /// <inheritdoc cref="AvgPool{V}.AvgPool"/>
    public abstract Kernel AvgPool(PoolWindows windows);

    /// <inheritdoc cref="Relu{V}.Relu"/>
    public abstract Kernel Relu(long length);

    /// <inheritdoc cref="Dropout{B, V}.Dropout"/>
    public abstract Kernel Dropout(long length, float keep, ulong seed, uint stream);

    /// <inheritdoc cref="Elementwise.SgdUpdate"/>
    public abstract SgdUpdate SgdUpdate();

    /// <inheritdoc cref="Elementwise.AdamWUpdate"/>
    public abstract AdamWUpdate AdamWUpdate();

    /// <inheritdoc cref="Elementwise.SumOfSquares"/>
    public abstract SumOfSquares SumOfSquares();

    private readonly struct Maker : IVectorCode<KernelSet>
    {
        public KernelSet Call<B, V>()
            where B : unmanaged, ISimdBits<B, V>
            where V : unmanaged, ISimd<V> => new KernelSet<B, V>();
    }
}

/// <summary>On vectors of integers <typeparamref name="B"/> and of floats <typeparamref name="V"/>.</summary>
internal sealed class KernelSet<B, V> : KernelSet
    where B : unmanaged, ISimdBits<B, V>
    where V : unmanaged, ISimd<V>
{
    public override ConvKernel ConvWinograd(ConvGeometry geometry, ConvRequest request, TileGrid? tiles = null) => new ConvWinograd<V>(geometry, request, tiles);

    public override ConvKernel ConvDirect(ConvGeometry geometry, ConvRequest request) => new ConvDirect<V>(geometry, request);

    public override ConvKernel ConvGemm(ConvGeometry geometry, ConvRequest request) => new ConvGemm<V>(geometry, request);

    public override Kernel Linear(int batch, int inFeatures, int outFeatures, bool relu, bool weightGradient, bool inputGradient, WeightFormat format, bool factors = false, bool fetchesWeight = false) =>
        new LinearKernel<V>(batch, inFeatures, outFeatures, relu, weightGradient, inputGradient, format, factors, fetchesWeight);

    public override Kernel LocalResponseNorm(ResponseNormSettings settings) => new LocalResponseNorm<V>(settings);

    public override Kernel LocalResponseNormMaxPool(ResponseNormSettings settings, PoolWindows windows, bool relu) =>
        new LocalResponseNormMaxPool<V>(settings, windows, relu);

    public override Kernel WithinChannelNorm(WithinChannelSettings settings, bool backward) => new WithinChannelNorm<V>(settings, backward);

    public override Kernel MaxPool(PoolWindows windows, bool backward = true, bool relu = false) => new MaxPool<V>(windows, backward, relu);

    public override Kernel AvgPool(PoolWindows windows) => new AvgPool<V>(windows);

    public override Kernel Relu(long length) => new Relu<V>(length);

    public override Kernel Dropout(long length, float keep, ulong seed, uint stream) => new Dropout<B, V>(length, keep, seed, stream);

    public override SgdUpdate SgdUpdate() => new SgdUpdate<V>();

    public override AdamWUpdate AdamWUpdate() => new AdamWUpdate<V>();

    public override SumOfSquares SumOfSquares() => new SumOfSquares<V>();
}
