using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AlexNetSharp.Simd;

/// <summary>The 4 integers that go with <see cref="F32x4"/>.</summary>
internal readonly struct U32x4(Vector128<uint> value) : ISimdBits<U32x4, F32x4>
{
    private readonly Vector128<uint> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector128<uint> Value => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 Broadcast(uint value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 CountFrom(uint first) => new(Vector128.CreateSequence(first, 1u));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 operator +(U32x4 a, U32x4 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 operator -(U32x4 a, U32x4 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 operator &(U32x4 a, U32x4 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 operator ^(U32x4 a, U32x4 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 ShiftLeft(U32x4 a, int bits) => new(a._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 ShiftRight(U32x4 a, int bits) => new(a._value >>> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 ShiftRightSigned(U32x4 a, int bits) => new((a._value.AsInt32() >> bits).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Convert(U32x4 a) => new(Vector128.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 ToFloatBits(U32x4 a) => new(a._value.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x4 FromFloatBits(F32x4 a) => new(a.Value.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyWide(U32x4 a, U32x4 b, out U32x4 high, out U32x4 low)
    {
        (Vector128<ulong> aLower, Vector128<ulong> aUpper) = Vector128.Widen(a._value);
        (Vector128<ulong> bLower, Vector128<ulong> bUpper) = Vector128.Widen(b._value);
        Vector128<ulong> lower = aLower * bLower, upper = aUpper * bUpper;
        low = new(Vector128.Narrow(lower, upper));
        high = new(Vector128.Narrow(lower >>> 32, upper >>> 32));
    }
}
