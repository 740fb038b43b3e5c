using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>The 16 integers that go with <see cref="F32x16"/>.</summary>
internal readonly struct U32x16(Vector512<uint> value) : ISimdBits<U32x16, F32x16>
{
    private readonly Vector512<uint> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector512<uint> Value => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 Broadcast(uint value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 CountFrom(uint first) => new(Vector512.CreateSequence(first, 1u));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 operator +(U32x16 a, U32x16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 operator -(U32x16 a, U32x16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 operator &(U32x16 a, U32x16 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 operator ^(U32x16 a, U32x16 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 ShiftLeft(U32x16 a, int bits) => new(a._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 ShiftRight(U32x16 a, int bits) => new(a._value >>> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 ShiftRightSigned(U32x16 a, int bits) => new((a._value.AsInt32() >> bits).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Convert(U32x16 a) => new(Vector512.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 ToFloatBits(U32x16 a) => new(a._value.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x16 FromFloatBits(F32x16 a) => new(a.Value.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyWide(U32x16 a, U32x16 b, out U32x16 high, out U32x16 low)
    {
        if (Avx512F.IsSupported)
        {
            // vpmuludq multiplies the even lanes to 64 bits; the odd lanes are brought down for a second one.
            Vector512<uint> even = Avx512F.Multiply(a._value, b._value).AsUInt32();
            Vector512<uint> odd = Avx512F.Multiply(Avx512F.ShiftRightLogical(a._value.AsUInt64(), 32).AsUInt32(), b._value).AsUInt32();
            Vector512<uint> upper = Vector512.Create(0xFFFFFFFF00000000UL).AsUInt32();
            low = new(Vector512.ConditionalSelect(upper, Avx512F.ShiftLeftLogical(odd.AsUInt64(), 32).AsUInt32(), even));
            high = new(Vector512.ConditionalSelect(upper, odd, Avx512F.ShiftRightLogical(even.AsUInt64(), 32).AsUInt32()));
            return;
        }
        U32x8.MultiplyWide(new(a._value.GetLower()), new(b._value.GetLower()), out U32x8 highLower, out U32x8 lowLower);
        U32x8.MultiplyWide(new(a._value.GetUpper()), new(b._value.GetUpper()), out U32x8 highUpper, out U32x8 lowUpper);
        high = new(Vector512.Create(highLower.Value, highUpper.Value));
        low = new(Vector512.Create(lowLower.Value, lowUpper.Value));
    }
}
