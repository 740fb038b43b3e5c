using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>The 8 integers that go with <see cref="F32x8"/>.</summary>
internal readonly struct U32x8(Vector256<uint> value) : ISimdBits<U32x8, F32x8>
{
    private readonly Vector256<uint> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector256<uint> Value => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 Broadcast(uint value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 CountFrom(uint first) => new(Vector256.CreateSequence(first, 1u));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 operator +(U32x8 a, U32x8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 operator -(U32x8 a, U32x8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 operator &(U32x8 a, U32x8 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 operator ^(U32x8 a, U32x8 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 ShiftLeft(U32x8 a, int bits) => new(a._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 ShiftRight(U32x8 a, int bits) => new(a._value >>> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 ShiftRightSigned(U32x8 a, int bits) => new((a._value.AsInt32() >> bits).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Convert(U32x8 a) => new(Vector256.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 ToFloatBits(U32x8 a) => new(a._value.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x8 FromFloatBits(F32x8 a) => new(a.Value.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyWide(U32x8 a, U32x8 b, out U32x8 high, out U32x8 low)
    {
        if (Avx2.IsSupported)
        {
            // vpmuludq multiplies the even lanes to 64 bits; the odd lanes are brought down for a second one.
            Vector256<uint> even = Avx2.Multiply(a._value, b._value).AsUInt32();
            Vector256<uint> odd = Avx2.Multiply(Avx2.ShiftRightLogical(a._value.AsUInt64(), 32).AsUInt32(), b._value).AsUInt32();
            low = new(Avx2.Blend(even, Avx2.ShiftLeftLogical(odd.AsUInt64(), 32).AsUInt32(), 0b10101010));
            high = new(Avx2.Blend(Avx2.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32(), odd, 0b10101010));
            return;
        }
        U32x4.MultiplyWide(new(a._value.GetLower()), new(b._value.GetLower()), out U32x4 highLower, out U32x4 lowLower);
        U32x4.MultiplyWide(new(a._value.GetUpper()), new(b._value.GetUpper()), out U32x4 highUpper, out U32x4 lowUpper);
        high = new(Vector256.Create(highLower.Value, highUpper.Value));
        low = new(Vector256.Create(lowLower.Value, lowUpper.Value));
    }
}
