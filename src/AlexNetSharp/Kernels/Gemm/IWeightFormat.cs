using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Gemm;

/// <summary>How the weights of a product are stored; they become float32 as they are loaded.</summary>
internal unsafe interface IWeightFormat
{
    /// <summary>Bytes of a weight.</summary>
    static abstract int Size { get; }

    /// <summary>
    /// How many bytes ahead of its loads a kernel that reads weights once asks for them; 0 where the processor alone does better. Found by timing on
    /// AMD Zen 3.
    /// </summary>
    static abstract int PrefetchDistance { get; }

    /// <summary>As many weights as a vector has lanes.</summary>
    static abstract V Load<V>(byte* source)
        where V : unmanaged, ISimd<V>;
}

/// <summary>float32 itself.</summary>
internal readonly unsafe struct Float32Weights : IWeightFormat
{
    public static int Size => 4;

    public static int PrefetchDistance => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source)
        where V : unmanaged, ISimd<V> => V.Load((float*)source);
}

/// <summary><see cref="BFloat16"/>: exact once expanded.</summary>
internal readonly unsafe struct BFloat16Weights : IWeightFormat
{
    public static int Size => 2;

    public static int PrefetchDistance => 1024;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source)
        where V : unmanaged, ISimd<V> => V.LoadBFloat16((ushort*)source);
}

/// <summary>Whole numbers from −127 to 127, whose column's scale multiplies the finished sum (<see cref="Tensors.Int8"/>).</summary>
internal readonly unsafe struct Int8Weights : IWeightFormat
{
    public static int Size => 1;

    public static int PrefetchDistance => 4096;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source)
        where V : unmanaged, ISimd<V> => V.LoadInt8((sbyte*)source);
}
