using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Random;

/// <summary>Turns two random words a lane into two random floats a lane.</summary>
/// <remarks>
/// Only the operations that IEEE 754 rounds exactly are used (+ − · / √, never a fused multiply-add), so that every vector width and
/// every machine gives the same bits.
/// </remarks>
internal interface IDistribution
{
    /// <summary>x from a and y from b, or both from both.</summary>
    void Sample<B, V>(B a, B b, out V x, out V y)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>;
}

/// <summary>low + width · u, where u is a multiple of 2⁻²⁴ in [0, 1).</summary>
internal readonly struct UniformDistribution(float low, float width) : IDistribution
{
    private readonly float _low = low, _width = width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sample<B, V>(B a, B b, out V x, out V y)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        V low = V.Broadcast(_low), width = V.Broadcast(_width);
        x = Unit<B, V>(a) * width + low;
        y = Unit<B, V>(b) * width + low;
    }

    /// <summary>The upper 24 bits of a as a fraction in [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Unit<B, V>(B a)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V> => B.Convert(B.ShiftRight(a, 8)) * V.Broadcast(1f / (1 << 24));
}

/// <summary>mean + deviation · z, where z is normally distributed: G. Box and M. Muller's transform of two uniform numbers into two normal ones.</summary>
/// <remarks>
/// z₁ = √(−2 ln u)·cos θ and z₂ = √(−2 ln u)·sin θ with u in (0, 1] from a and θ in [−π/4, 7π/4) from b; |z| is at most 5.8.
/// Logarithm, sine and cosine are series with a relative error below 2e-7 in their reduced ranges.
/// </remarks>
internal readonly struct NormalDistribution(float mean, float deviation) : IDistribution
{
    private readonly float _mean = mean, _deviation = deviation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sample<B, V>(B a, B b, out V x, out V y)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        V radius = V.Sqrt(V.Broadcast(-2) * LogUnit<B, V>(a)) * V.Broadcast(_deviation);
        // The upper two bits of b are the quadrant, the other 30 the angle from −π/4 to π/4 in it.
        V angle = B.Convert(B.ShiftRightSigned(B.ShiftLeft(b, 2), 8)) * V.Broadcast((float)(Math.PI / 4 / (1 << 23)));
        V square = angle * angle;
        V sine = angle * ((((V.Broadcast(1f / 362880) * square - V.Broadcast(1f / 5040)) * square + V.Broadcast(1f / 120)) * square
            - V.Broadcast(1f / 6)) * square + V.Broadcast(1));
        V cosine = (((V.Broadcast(1f / 40320) * square - V.Broadcast(1f / 720)) * square + V.Broadcast(1f / 24)) * square
            - V.Broadcast(0.5f)) * square + V.Broadcast(1);
        // A turn by one quadrant maps (cos, sin) to (−sin, cos): swap in odd quadrants, then set the signs.
        B odd = B.Broadcast(0) - (B.ShiftRight(b, 30) & B.Broadcast(1));
        B difference = (B.FromFloatBits(sine) ^ B.FromFloatBits(cosine)) & odd;
        B sign = B.Broadcast(0x80000000);
        V first = B.ToFloatBits(B.FromFloatBits(cosine) ^ difference ^ ((b + B.Broadcast(0x40000000)) & sign));
        V second = B.ToFloatBits(B.FromFloatBits(sine) ^ difference ^ (b & sign));
        V mean = V.Broadcast(_mean);
        x = radius * first + mean;
        y = radius * second + mean;
    }

    /// <summary>ln((⌊a / 2⁸⌋ + 1) / 2²⁴).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LogUnit<B, V>(B a)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        // k = m · 2^e with m in [√½, √2): subtracting the bits of √½ first makes the exponent field count from there.
        B bits = B.FromFloatBits(B.Convert(B.ShiftRight(a, 8) + B.Broadcast(1))) - B.Broadcast(0x3F3504F3);
        V exponent = B.Convert(B.ShiftRightSigned(bits, 23)) - V.Broadcast(24);
        V m = B.ToFloatBits((bits & B.Broadcast(0x7FFFFF)) + B.Broadcast(0x3F3504F3));
        // ln m = 2 artanh s with s = (m − 1) / (m + 1), |s| < 0.172.
        V s = (m - V.Broadcast(1)) / (m + V.Broadcast(1));
        V t = s * s;
        V series = ((((V.Broadcast(1f / 9) * t + V.Broadcast(1f / 7)) * t + V.Broadcast(1f / 5)) * t + V.Broadcast(1f / 3)) * t
            + V.Broadcast(1)) * (s + s);
        return exponent * V.Broadcast(0.693147181f) + series;
    }
}

/// <summary>mean + deviation · z, where z is normally distributed under the condition |z| ≤ 2.</summary>
/// <remarks>
/// Drawing again until |z| ≤ 2 (as TensorFlow does) and inverting the distribution function on the part that is left give the same
/// distribution; inverting takes one word a number, always, so number i is a function of (seed, stream, step, i) alone.
/// With p uniform in (−1, 1) and c = Φ(2) − Φ(0), z = Φ⁻¹(½ + c·p) is p times a quotient of two polynomials in 1 − p², fitted to
/// the double precision inverse by iterated weighted least squares: relative error 7e-8 before rounding, 6e-7 after it.
/// </remarks>
internal readonly struct TruncatedNormalDistribution(float mean, float deviation) : IDistribution
{
    private readonly float _mean = mean, _deviation = deviation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sample<B, V>(B a, B b, out V x, out V y)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        V mean = V.Broadcast(_mean), deviation = V.Broadcast(_deviation);
        x = Inverse<B, V>(a) * deviation + mean;
        y = Inverse<B, V>(b) * deviation + mean;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Inverse<B, V>(B a)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        // Odd multiples of 2⁻²⁴: symmetrical, and never 0 or ±1.
        V p = (B.Convert(B.ShiftRightSigned(a, 8)) + V.Broadcast(0.5f)) * V.Broadcast(1f / (1 << 23));
        V u = V.Broadcast(1) - p * p;
        V above = (((V.Broadcast(0.40953405f) * u + V.Broadcast(5.0665863f)) * u + V.Broadcast(6.9581041f)) * u
            + V.Broadcast(2.26579085f)) * u + V.Broadcast(0.18682196f);
        V below = (((u + V.Broadcast(5.16111677f)) * u + V.Broadcast(4.8970518f)) * u + V.Broadcast(1.29261128f)) * u
            + V.Broadcast(0.093410986f);
        return p * above / below;
    }
}
