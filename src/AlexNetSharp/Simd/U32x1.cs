using System.Runtime.CompilerServices;

namespace AlexNetSharp.Simd;

/// <summary>The integer that goes with <see cref="F32x1"/>.</summary>
internal readonly struct U32x1(uint value) : ISimdBits<U32x1, F32x1>
{
    private readonly uint _value = value;

    /// <summary>The number itself.</summary>
    public uint Value => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 Broadcast(uint value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 CountFrom(uint first) => new(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 operator +(U32x1 a, U32x1 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 operator -(U32x1 a, U32x1 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 operator &(U32x1 a, U32x1 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 operator ^(U32x1 a, U32x1 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 ShiftLeft(U32x1 a, int bits) => new(a._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 ShiftRight(U32x1 a, int bits) => new(a._value >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 ShiftRightSigned(U32x1 a, int bits) => new((uint)((int)a._value >> bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Convert(U32x1 a) => new((int)a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 ToFloatBits(U32x1 a) => new(BitConverter.UInt32BitsToSingle(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U32x1 FromFloatBits(F32x1 a) => new(BitConverter.SingleToUInt32Bits(a.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyWide(U32x1 a, U32x1 b, out U32x1 high, out U32x1 low)
    {
        ulong product = (ulong)a._value * b._value;
        high = new((uint)(product >> 32));
        low = new((uint)product);
    }
}
