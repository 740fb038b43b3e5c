using System.Diagnostics.CodeAnalysis;

namespace AlexNetSharp.Simd;

/// <summary>
/// A vector of float32 lanes. Kernels are written once, generic over the vector, and compiled for each width:
/// <see cref="F32x16"/> (AVX-512), <see cref="F32x8"/> (AVX2), <see cref="F32x4"/> (NEON, SSE) and <see cref="F32x1"/> (scalar).
/// </summary>
/// <typeparam name="T">The implementing type itself.</typeparam>
/// <remarks>
/// Every operation works lane by lane. All of it must inline into the caller's loop: no value of this type may cross a call that
/// is not inlined, because vector registers are not preserved over calls.
/// </remarks>
internal unsafe interface ISimd<T>
    where T : unmanaged, ISimd<T>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Vector registers that kernels may plan with: 32 for AVX-512 and NEON, 16 for AVX2.</summary>
    static abstract int Registers { get; }

    /// <summary>0 in every lane.</summary>
    static abstract T Zero { get; }

    /// <summary><paramref name="value"/> in every lane.</summary>
    static abstract T Broadcast(float value);

    /// <summary>Loads <see cref="Count"/> floats; <paramref name="source"/> needs no alignment.</summary>
    static abstract T Load(float* source);

    /// <summary>Loads the first <paramref name="count"/> floats (0 to <see cref="Count"/>), 0 in the other lanes; reads no other memory.</summary>
    static abstract T LoadPartial(float* source, int count);

    /// <summary>Loads <see cref="Count"/> bfloat16 numbers (the upper halves of floats).</summary>
    static abstract T LoadBFloat16(ushort* source);

    /// <summary>Loads <see cref="Count"/> signed bytes as floats.</summary>
    static abstract T LoadInt8(sbyte* source);

    /// <summary>Stores <see cref="Count"/> floats.</summary>
    static abstract void Store(T value, float* destination);

    /// <summary>
    /// As <see cref="Store"/>, past the caches where a vector fills a whole cache line: for results that are larger than any cache and not read
    /// soon. Memory is then not read before it is written. The address must be a multiple of the vector's size. Other threads see it after the next
    /// interlocked operation of this one, as at the end of a job.
    /// </summary>
    static abstract void StoreStreaming(T value, float* destination);

    /// <summary>Stores the first <paramref name="count"/> lanes (0 to <see cref="Count"/>); writes no other memory.</summary>
    static abstract void StorePartial(T value, float* destination, int count);

    /// <summary>Stores <see cref="Count"/> whole numbers from −128 to 127 as signed bytes.</summary>
    static abstract void StoreInt8(T value, sbyte* destination);

    /// <summary>a + b.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>a · b.</summary>
    static abstract T operator *(T a, T b);

    /// <summary>a / b.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>a · b + c; rounded once where the machine has fused multiply-add, twice elsewhere.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>c − a · b, rounded like <see cref="MultiplyAdd"/>.</summary>
    static abstract T NegateMultiplyAdd(T a, T b, T c);

    /// <summary>a &gt; b ? a : b. The second operand is the result if either lane is NaN, so <c>MaxNative(zero, x)</c> lets NaN through.</summary>
    static abstract T MaxNative(T a, T b);

    /// <summary>The larger of a and b; NaN if either is NaN. Slower than <see cref="MaxNative"/>.</summary>
    static abstract T Max(T a, T b);

    /// <summary>a &gt; b ? value : 0.</summary>
    static abstract T SelectGreater(T a, T b, T value);

    /// <summary>a == b ? value : 0.</summary>
    static abstract T SelectEqual(T a, T b, T value);

    /// <summary>√x.</summary>
    static abstract T Sqrt(T x);

    /// <summary>1/√x for normal positive x, relative error at most 3e-7 (the machine's estimate refined by Newton steps, or a division).</summary>
    static abstract T ReciprocalSqrt(T x);

    /// <summary>Lanes <paramref name="first"/> (0 to <see cref="Count"/>, a constant) and up of <paramref name="low"/>, then as many lanes of <paramref name="high"/> as are missing.</summary>
    static abstract T Splice(T low, T high, [ConstantExpected] int first);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(T value);
}
