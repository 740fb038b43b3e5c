using System.Runtime.Intrinsics;

namespace AlexNetSharp.Simd;

/// <summary>The width of the vectors that kernels run on.</summary>
public enum SimdTier
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
public static class SimdTiers
{
    /// <summary>The widest tier that the processor and the runtime's switches (<c>DOTNET_EnableAVX512=0</c> and the like) allow.</summary>
    public static SimdTier Best =>
        Vector512.IsHardwareAccelerated ? SimdTier.Vector512
        : Vector256.IsHardwareAccelerated ? SimdTier.Vector256
        : Vector128.IsHardwareAccelerated ? SimdTier.Vector128
        : SimdTier.Scalar;
}
