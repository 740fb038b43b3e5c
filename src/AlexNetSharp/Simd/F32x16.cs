using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>16 float32 lanes: AVX-512.</summary>
internal readonly unsafe struct F32x16(Vector512<float> value) : ISimd<F32x16>
{
    private readonly Vector512<float> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector512<float> Value => _value;

    public static int Count => 16;

    public static int Registers => 32;

    public static F32x16 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 LoadPartial(float* source, int count)
    {
        if (Avx512F.IsSupported)
            return new(Avx512F.MaskLoad(source, First(count), Vector512<float>.Zero));
        Vector512<float> value = Vector512<float>.Zero;
        for (int i = 0; i < count; i++)
            value = value.WithElement(i, source[i]);
        return new(value);
    }

    // All bits set in the first lanes, which as a sign is what the masked instructions look at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> First(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 LoadBFloat16(ushort* source)
    {
        if (Avx512F.IsSupported)
            return new((Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle());
        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(Vector256.Load(source));
        return new((Vector512.Create(lower, upper) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 LoadInt8(sbyte* source)
    {
        if (Avx512F.IsSupported)
            return new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));
        (Vector256<int> lower, Vector256<int> upper) = Vector256.Widen(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()));
        return new(Vector512.ConvertToSingle(Vector512.Create(lower, upper)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x16 value, float* destination) => value._value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(F32x16 value, float* destination) => value._value.StoreAlignedNonTemporal(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x16 value, float* destination, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, First(count), value._value);
            return;
        }
        for (int i = 0; i < count; i++)
            destination[i] = value._value[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(F32x16 value, sbyte* destination)
    {
        Vector512<int> whole = Vector512.ConvertToInt32(value._value);
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128SByte(whole).Store(destination);
            return;
        }
        Vector256<short> halves = Vector256.Narrow(whole.GetLower(), whole.GetUpper());
        Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator +(F32x16 a, F32x16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 a, F32x16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator *(F32x16 a, F32x16 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator /(F32x16 a, F32x16 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 MultiplyAdd(F32x16 a, F32x16 b, F32x16 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 NegateMultiplyAdd(F32x16 a, F32x16 b, F32x16 c) =>
        // Named, because the compiler may hoist the sign of −a out of a loop as an instruction of its own.
        Avx512F.IsSupported
            ? new(Avx512F.FusedMultiplyAddNegated(a._value, b._value, c._value))
            : new(Vector512.MultiplyAddEstimate(-a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 MaxNative(F32x16 a, F32x16 b) => new(Vector512.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Max(F32x16 a, F32x16 b)
    {
        // The native maximum gives its second operand if either is NaN: that keeps a, and b is chosen where it is NaN.
        Vector512<float> larger = Vector512.MaxNative(b._value, a._value);
        return new(Vector512.ConditionalSelect(Vector512.Equals(b._value, b._value), larger, b._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectGreater(F32x16 a, F32x16 b, F32x16 value) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a._value, b._value), value._value, Vector512<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 SelectEqual(F32x16 a, F32x16 b, F32x16 value) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a._value, b._value), value._value, Vector512<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Sqrt(F32x16 x) => new(Vector512.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 ReciprocalSqrt(F32x16 x)
    {
        if (Avx512F.IsSupported)
        {
            // rsqrt14 has a relative error of 2^-14; one Newton step y(1.5 - 0.5 x y^2) brings it to some 2^-27 before rounding.
            Vector512<float> y = Avx512F.ReciprocalSqrt14(x._value);
            Vector512<float> half = x._value * Vector512.Create(0.5f) * y;
            return new(y * Avx512F.FusedMultiplyAddNegated(half, y, Vector512.Create(1.5f)));
        }
        return new(Vector512<float>.One / Vector512.Sqrt(x._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Splice(F32x16 low, F32x16 high, [ConstantExpected] int first)
    {
        if (first is 0 or 16)
            return first == 0 ? low : high;
        if (Avx512F.IsSupported)
            return new(Avx512F.AlignRight32(high._value.AsInt32(), low._value.AsInt32(), (byte)first).AsSingle());
        return SpliceInMemory(low, high, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x16 value) => Vector512.Sum(value._value);

    private static F32x16 SpliceInMemory(F32x16 low, F32x16 high, int first)
    {
        float* lanes = stackalloc float[32];
        Store(low, lanes);
        Store(high, lanes + 16);
        return Load(lanes + first);
    }
}
