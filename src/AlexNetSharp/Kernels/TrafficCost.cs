using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels;

/// <summary>What it costs a thread to read data again that it has used before: enough to compare the sizes of blocks.</summary>
/// <remarks>
/// Cycles a byte, by the level that still holds it: what was used since then (the working set) has gone through that level as well. A thread can
/// hope for all of the first two levels and for its share of half the last. The prices are those of streams with prefetching, on AMD Zen 3 and
/// Zen 4: <c>docs/performance.md</c> has the measurement that the choices were checked against.
/// </remarks>
internal static class TrafficCost
{
    private const double SecondLevel = 1.0 / 32, LastLevel = 1.0 / 12, Memory = 1.0 / 4;

    /// <summary>
    /// The largest working set that a thread can hope to find again. A virtual machine may see the whole last level of its host (300 MB of a server's) and
    /// only its own processors, not those of its neighbors.
    /// </summary>
    public const long LargestShare = 16 << 20;

    /// <summary>The working set, in bytes, up to which one thread finds its data in the last level again.</summary>
    public static long ShareOfLast(CacheSizes caches) => Math.Max(caches.Second, Math.Min(caches.Last / 2 / caches.Sharing, LargestShare));

    /// <summary>Cycles a byte to read data again after <paramref name="workingSet"/> other bytes.</summary>
    public static double PerByte(CacheSizes caches, long workingSet) =>
        workingSet <= caches.First ? 0
        : workingSet <= caches.Second ? SecondLevel
        : workingSet <= ShareOfLast(caches) ? LastLevel
        : Memory;
}
