using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>Asks the processor to bring a cache line nearer. Any address is allowed: a prefetch never faults.</summary>
/// <remarks>Does nothing where .NET offers no such instruction (ARM).</remarks>
internal static unsafe class Prefetch
{
    /// <summary>Into the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>Into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Far(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }
}
