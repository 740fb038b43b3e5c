using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>8 float32 lanes: AVX2.</summary>
internal readonly unsafe struct F32x8(Vector256<float> value) : ISimd<F32x8>
{
    private readonly Vector256<float> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector256<float> Value => _value;

    public static int Count => 8;

    public static int Registers => 16;

    public static F32x8 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadPartial(float* source, int count)
    {
        if (Avx.IsSupported)
            return new(Avx.MaskLoad(source, First(count)));
        Vector256<float> value = Vector256<float>.Zero;
        for (int i = 0; i < count; i++)
            value = value.WithElement(i, source[i]);
        return new(value);
    }

    // All bits set in the first lanes, which as a sign is what the masked instructions look at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> First(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadBFloat16(ushort* source)
    {
        if (Avx2.IsSupported)
            return new((Avx2.ConvertToVector256Int32(source) << 16).AsSingle());
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Load(source));
        return new((Vector256.Create(lower, upper) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadInt8(sbyte* source)
    {
        if (Avx2.IsSupported)
            return new(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source)));
        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte()));
        return new(Vector256.ConvertToSingle(Vector256.Create(lower, upper)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x8 value, float* destination) => value._value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(F32x8 value, float* destination) => Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x8 value, float* destination, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, First(count), value._value);
            return;
        }
        for (int i = 0; i < count; i++)
            destination[i] = value._value[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(F32x8 value, sbyte* destination)
    {
        Vector256<int> whole = Vector256.ConvertToInt32(value._value);
        Vector128<short> halves = Vector128.Narrow(whole.GetLower(), whole.GetUpper());
        *(long*)destination = Vector128.Narrow(halves, halves).AsInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 NegateMultiplyAdd(F32x8 a, F32x8 b, F32x8 c) =>
        // Named, because the compiler may hoist the sign of −a out of a loop as an instruction of its own.
        Fma.IsSupported
            ? new(Fma.MultiplyAddNegated(a._value, b._value, c._value))
            : new(Vector256.MultiplyAddEstimate(-a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MaxNative(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b)
    {
        // The native maximum gives its second operand if either is NaN: that keeps a, and b is chosen where it is NaN.
        Vector256<float> larger = Vector256.MaxNative(b._value, a._value);
        return new(Vector256.ConditionalSelect(Vector256.Equals(b._value, b._value), larger, b._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectGreater(F32x8 a, F32x8 b, F32x8 value) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a._value, b._value), value._value, Vector256<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SelectEqual(F32x8 a, F32x8 b, F32x8 value) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a._value, b._value), value._value, Vector256<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 x) => new(Vector256.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 ReciprocalSqrt(F32x8 x)
    {
        // A 12-bit estimate would need two Newton steps, no faster than the division here.
        return new(Vector256<float>.One / Vector256.Sqrt(x._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Splice(F32x8 low, F32x8 high, [ConstantExpected] int first)
    {
        if (first is 0 or 8)
            return first == 0 ? low : high;
        if (Avx2.IsSupported)
        {
            // Bytes can be shifted together only within each half; the middle is the upper half of low and the lower half of high.
            Vector256<float> middle = Avx.Permute2x128(low._value, high._value, 0x21);
            return first switch
            {
                < 4 => new(Avx2.AlignRight(middle.AsByte(), low._value.AsByte(), (byte)(4 * first)).AsSingle()),
                4 => new(middle),
                _ => new(Avx2.AlignRight(high._value.AsByte(), middle.AsByte(), (byte)(4 * first - 16)).AsSingle()),
            };
        }
        return SpliceInMemory(low, high, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x8 value) => Vector256.Sum(value._value);

    private static F32x8 SpliceInMemory(F32x8 low, F32x8 high, int first)
    {
        float* lanes = stackalloc float[16];
        Store(low, lanes);
        Store(high, lanes + 8);
        return Load(lanes + first);
    }
}
