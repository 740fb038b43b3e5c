using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>A power d^−β that follows from the root r = d^−½, with β known to the compiler.</summary>
internal interface IRootPower
{
    /// <summary>d^−β from r = d^−½.</summary>
    static abstract V Of<V>(V root)
        where V : unmanaged, ISimd<V>;
}

/// <summary>β = ½.</summary>
internal readonly struct HalfPower : IRootPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V root)
        where V : unmanaged, ISimd<V> => root;
}

/// <summary>β = ¾, the exponent of the paper: r^(3/2).</summary>
internal readonly struct ThreeQuarterPower : IRootPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V root)
        where V : unmanaged, ISimd<V>
    {
        // At full width a square root costs as much as twenty other instructions, and the reciprocal one is refined from an estimate;
        // at other widths both are computed exactly.
        return V.Count == 16 ? root * root * V.ReciprocalSqrt(root) : root * V.Sqrt(root);
    }
}

/// <summary>d^−β for any β: from roots where it can be, else from the power function lane by lane.</summary>
/// <param name="beta">The exponent β.</param>
internal readonly unsafe struct InversePower(float beta)
{
    private readonly float _beta = beta;

    /// <summary>d^−β, and <paramref name="next"/> = d^(−β − 1), for d &gt; 0; relative error 1e-6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Of<V>(V d, out V next)
        where V : unmanaged, ISimd<V>
    {
        V power = _beta == 0.75f ? ThreeQuarterPower.Of(V.ReciprocalSqrt(d)) : _beta == 0.5f ? V.ReciprocalSqrt(d) : Any(d);
        next = power / d;
        return power;
    }

    private V Any<V>(V d)
        where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[16];
        V.Store(d, lanes);
        for (int i = 0; i < V.Count; i++)
            lanes[i] = MathF.Pow(lanes[i], -_beta);
        return V.Load(lanes);
    }
}
