using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>4 float32 lanes: NEON, or SSE where nothing wider is there.</summary>
internal readonly unsafe struct F32x4(Vector128<float> value) : ISimd<F32x4>
{
    private readonly Vector128<float> _value = value;

    /// <summary>The runtime's vector.</summary>
    public Vector128<float> Value => _value;

    public static int Count => 4;

    public static int Registers => AdvSimd.IsSupported ? 32 : 16;

    public static F32x4 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadPartial(float* source, int count)
    {
        if (Avx.IsSupported)
            return new(Avx.MaskLoad(source, First(count)));
        Vector128<float> value = Vector128<float>.Zero;
        for (int i = 0; i < count; i++)
            value = value.WithElement(i, source[i]);
        return new(value);
    }

    // All bits set in the first lanes, which as a sign is what the masked instructions look at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> First(int count) =>
        Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();

    // On ARM64 as the one instruction that it is: the cross compiler of .NET 10.0 ends with a segmentation fault over the two that mean the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadBFloat16(ushort* source) => AdvSimd.IsSupported
        ? new(AdvSimd.ShiftLeftLogicalWideningLower(Vector64.Load(source), 16).AsSingle())
        : new((Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadInt8(sbyte* source) =>
        new(Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte()))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x4 value, float* destination) => value._value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(F32x4 value, float* destination) => Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x4 value, float* destination, int count)
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
    public static void StoreInt8(F32x4 value, sbyte* destination)
    {
        Vector128<int> whole = Vector128.ConvertToInt32(value._value);
        Vector128<short> halves = Vector128.Narrow(whole, whole);
        *(int*)destination = Vector128.Narrow(halves, halves).AsInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 a, F32x4 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a, F32x4 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 a, F32x4 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 a, F32x4 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MultiplyAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 NegateMultiplyAdd(F32x4 a, F32x4 b, F32x4 c) =>
        // Named, because the compiler may hoist the sign of −a out of a loop as an instruction of its own.
        Fma.IsSupported
            ? new(Fma.MultiplyAddNegated(a._value, b._value, c._value))
            : new(Vector128.MultiplyAddEstimate(-a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MaxNative(F32x4 a, F32x4 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Max(F32x4 a, F32x4 b)
    {
        // The native maximum gives its second operand if either is NaN: that keeps a, and b is chosen where it is NaN.
        Vector128<float> larger = Vector128.MaxNative(b._value, a._value);
        return new(Vector128.ConditionalSelect(Vector128.Equals(b._value, b._value), larger, b._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectGreater(F32x4 a, F32x4 b, F32x4 value) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(a._value, b._value), value._value, Vector128<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SelectEqual(F32x4 a, F32x4 b, F32x4 value) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(a._value, b._value), value._value, Vector128<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 x) => new(Vector128.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 ReciprocalSqrt(F32x4 x)
    {
        // Two Newton steps on the machine's estimate are no faster than the division.
        return new(Vector128<float>.One / Vector128.Sqrt(x._value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Splice(F32x4 low, F32x4 high, [ConstantExpected] int first)
    {
        if (first is 0 or 4)
            return first == 0 ? low : high;
        if (Ssse3.IsSupported)
            return new(Ssse3.AlignRight(high._value.AsByte(), low._value.AsByte(), (byte)(4 * first)).AsSingle());
        if (AdvSimd.IsSupported)
            return new(AdvSimd.ExtractVector128(low._value, high._value, (byte)first));
        return SpliceInMemory(low, high, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x4 value) => Vector128.Sum(value._value);

    private static F32x4 SpliceInMemory(F32x4 low, F32x4 high, int first)
    {
        float* lanes = stackalloc float[8];
        Store(low, lanes);
        Store(high, lanes + 4);
        return Load(lanes + first);
    }
}
