using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>d^−β, lane by lane: for β = ¾ and ½ from reciprocal square roots, for others from the power function.</summary>
/// <param name="beta">The exponent β.</param>
internal readonly unsafe struct InversePower(float beta)
{
    private readonly float _beta = beta;

    /// <summary>d^−β for d &gt; 0; relative error 5e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Of<V>(V d)
        where V : unmanaged, ISimd<V>
    {
        if (_beta == 0.75f)
        {
            // d^−¾ = r·√r with r = d^−½.
            V r = V.ReciprocalSqrt(d);
            return r * V.Sqrt(r);
        }
        return _beta == 0.5f ? V.ReciprocalSqrt(d) : Any(d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
