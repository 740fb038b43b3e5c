namespace AlexNetSharp.Simd;

/// <summary>A vector of unsigned 32-bit integers with as many lanes as <typeparamref name="TFloat"/>: what random numbers need.</summary>
/// <typeparam name="T">The implementing type itself.</typeparam>
/// <typeparam name="TFloat">The vector of floats of the same width.</typeparam>
/// <remarks>Every operation works lane by lane and wraps around; as with <see cref="ISimd{T}"/>, all of it must inline.</remarks>
internal interface ISimdBits<T, TFloat>
    where T : unmanaged, ISimdBits<T, TFloat>
    where TFloat : unmanaged, ISimd<TFloat>
{
    /// <summary><paramref name="value"/> in every lane.</summary>
    static abstract T Broadcast(uint value);

    /// <summary>first, first + 1, first + 2, …</summary>
    static abstract T CountFrom(uint first);

    /// <summary>a + b.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>Bits set in both.</summary>
    static abstract T operator &(T a, T b);

    /// <summary>Bits set in exactly one.</summary>
    static abstract T operator ^(T a, T b);

    /// <summary>a · 2^bits.</summary>
    static abstract T ShiftLeft(T a, int bits);

    /// <summary>⌊a / 2^bits⌋.</summary>
    static abstract T ShiftRight(T a, int bits);

    /// <summary>⌊a / 2^bits⌋ of a read as a signed integer.</summary>
    static abstract T ShiftRightSigned(T a, int bits);

    /// <summary>The number that a, read as a signed integer, stands for, rounded to float.</summary>
    static abstract TFloat Convert(T a);

    /// <summary>The float with the bits of a.</summary>
    static abstract TFloat ToFloatBits(T a);

    /// <summary>The bits of a.</summary>
    static abstract T FromFloatBits(TFloat a);

    /// <summary>a · b = high · 2³² + low.</summary>
    static abstract void MultiplyWide(T a, T b, out T high, out T low);
}
