using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>A one-dimensional Winograd tile F(m, r) with n = m + r − 1 points: three transforms and their adjoints, on vectors of independent channels.</summary>
/// <remarks>
/// y = Aᵀ[(G w) ⊙ (Bᵀ x)] is the correlation y[i] = Σ x[i + j]·w[j]. G is not scaled: it holds the powers of the points, so tiles whose points
/// begin alike share transformed weights. The factors 1/N of the interpolation are in Aᵀ. See <c>docs/winograd.md</c>.
/// </remarks>
internal interface IWinogradTile
{
    /// <summary>Points, n.</summary>
    static abstract int Points { get; }

    /// <summary>N of the point 1. The adjoint output transform at 1 is the sum of the tile's gradients divided by it.</summary>
    static abstract float NormOfOne { get; }

    /// <summary>Bᵀ: n inputs to n points.</summary>
    static abstract void Input<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;

    /// <summary>B: gradients at n points to gradients of n inputs.</summary>
    static abstract void InputAdjoint<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;

    /// <summary>Aᵀ: products at n points to m outputs.</summary>
    static abstract void Output<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;

    /// <summary>A: gradients of m outputs to n points.</summary>
    static abstract void OutputAdjoint<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;

    /// <summary>G: r taps to n points.</summary>
    static abstract void Weight<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;

    /// <summary>Gᵀ: gradients at n points to gradients of r taps.</summary>
    static abstract void WeightAdjoint<V, TSource, TTarget>(TSource source, TTarget target)
        where V : unmanaged, ISimd<V> where TSource : struct, ILaneSource<V> where TTarget : struct, ILaneTarget<V>;
}
