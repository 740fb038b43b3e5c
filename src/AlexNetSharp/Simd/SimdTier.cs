using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>The width of the vectors that kernels run on.</summary>
internal enum SimdTier
{
    /// <summary>One float at a time.</summary>
    Scalar = 1,

    /// <summary>Four floats: NEON, or SSE.</summary>
    Vector128 = 4,

    /// <summary>Eight floats: AVX2.</summary>
    Vector256 = 8,

    /// <summary>Sixteen floats: AVX-512.</summary>
    Vector512 = 16,
}

/// <summary>Which <see cref="SimdTier"/> this process uses.</summary>
internal static class SimdTiers
{
    /// <summary>The widest tier that the processor and the runtime's switches (<c>DOTNET_EnableAVX512=0</c> and the like) allow.</summary>
    public static SimdTier Best =>
        Vector512.IsHardwareAccelerated ? SimdTier.Vector512
        : Vector256.IsHardwareAccelerated ? SimdTier.Vector256
        : Vector128.IsHardwareAccelerated ? SimdTier.Vector128
        : SimdTier.Scalar;

    /// <summary>Calls code that is generic over the vector with the vectors of <paramref name="tier"/>: the one place where a width becomes a type.</summary>
    /// <param name="code">What to call.</param>
    /// <param name="tier">Width of the vectors; null takes <see cref="Best"/>.</param>
    internal static TResult Call<TCode, TResult>(TCode code, SimdTier? tier = null)
        where TCode : IVectorCode<TResult> => (tier ?? Best) switch
        {
            SimdTier.Vector512 => code.Call<U32x16, F32x16>(),
            SimdTier.Vector256 => code.Call<U32x8, F32x8>(),
            SimdTier.Vector128 => code.Call<U32x4, F32x4>(),
            _ => code.Call<U32x1, F32x1>(),
        };

    /// <summary>The widest tier that the processor has, whether this process uses it or not.</summary>
    /// <remarks>
    /// Wider than <see cref="Best"/> where the runtime's switches forbid it, and in native ahead-of-time builds for less than the processor has:
    /// the default of those builds is SSE, with which convolutions run several times slower, so an application may want to say it.
    /// Source: Intel's manual, volume 2A, CPUID; AMD's manual, volume 3, appendix E. That the operating system saves the wide registers is assumed.
    /// </remarks>
    public static SimdTier OfProcessor { get; } = FindOfProcessor();

    private static SimdTier FindOfProcessor()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return Best;
        const int fma = 1 << 12, avx = 1 << 28, usesXsave = 1 << 27;
        const int avx2 = 1 << 5, avx512 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31;      // F, DQ, CD, BW, VL
        int ecx = X86Base.CpuId(1, 0).Ecx, ebx = X86Base.CpuId(7, 0).Ebx;
        SimdTier found = !Has(ecx, fma | avx | usesXsave) || !Has(ebx, avx2) ? SimdTier.Vector128
            : Has(ebx, avx512) ? SimdTier.Vector512 : SimdTier.Vector256;
        return found > Best ? found : Best;

        static bool Has(int register, int bits) => (register & bits) == bits;
    }
}

/// <summary>Code that is generic over the vector, for <see cref="SimdTiers.Call"/> to call with the vectors of a tier.</summary>
/// <typeparam name="TResult">What it gives.</typeparam>
internal interface IVectorCode<out TResult>
{
    /// <summary>Does its work on vectors of integers <typeparamref name="B"/> and of floats <typeparamref name="V"/>, which have as many lanes.</summary>
    TResult Call<B, V>()
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>;
}
