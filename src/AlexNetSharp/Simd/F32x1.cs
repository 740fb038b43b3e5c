using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AlexNetSharp.Simd;

/// <summary>One float32: the vector of machines without vectors, and the easiest to debug.</summary>
internal readonly unsafe struct F32x1(float value) : ISimd<F32x1>
{
    private readonly float _value = value;

    /// <summary>The number itself.</summary>
    public float Value => _value;

    public static int Count => 1;

    public static int Registers => 16;

    public static F32x1 Zero => new(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 LoadPartial(float* source, int count) => new(count > 0 ? *source : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 LoadBFloat16(ushort* source) => new(BitConverter.UInt32BitsToSingle((uint)*source << 16));

    public static F32x1 LoadInt8(sbyte* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x1 value, float* destination) => *destination = value._value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(F32x1 value, float* destination) => Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x1 value, float* destination, int count)
    {
        if (count > 0)
            *destination = value._value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(F32x1 value, sbyte* destination) => *destination = (sbyte)value._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator +(F32x1 a, F32x1 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a, F32x1 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator *(F32x1 a, F32x1 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator /(F32x1 a, F32x1 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MultiplyAdd(F32x1 a, F32x1 b, F32x1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 NegateMultiplyAdd(F32x1 a, F32x1 b, F32x1 c) => new(float.MultiplyAddEstimate(-a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MaxNative(F32x1 a, F32x1 b) => new(a._value > b._value ? a._value : b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Max(F32x1 a, F32x1 b) => new(MathF.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 SelectGreater(F32x1 a, F32x1 b, F32x1 value) => a._value > b._value ? value : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 SelectEqual(F32x1 a, F32x1 b, F32x1 value) => a._value == b._value ? value : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Sqrt(F32x1 x) => new(MathF.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 ReciprocalSqrt(F32x1 x) => new(1 / MathF.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Splice(F32x1 low, F32x1 high, [ConstantExpected] int first) => first == 0 ? low : high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x1 value) => value._value;
}
