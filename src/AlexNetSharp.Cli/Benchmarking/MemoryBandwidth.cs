using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures memory read bandwidth: the lower bound for everything that must read all weights once.</summary>
internal static unsafe class MemoryBandwidth
{
    private const int Chunk = 1 << 18, Alignment = 64;

    /// <summary>Returns the best of several passes over a block of memory, in GB/s (10⁹ bytes) for all threads together.</summary>
    /// <param name="threads">Number of concurrent threads; at least 1.</param>
    /// <param name="megabytes">Size of the block in MiB, at least 1; several times the last-level cache, to measure memory only.</param>
    /// <param name="repetitions">Number of passes; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is less than 1.</exception>
    public static double Measure(int threads, int megabytes = 256, int repetitions = 12)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(megabytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)megabytes * Chunk * sizeof(float), Alignment);
        try
        {
            for (int i = 0; i < megabytes; i++)
                new Span<float>(memory + (long)i * Chunk, Chunk).Fill(1);
            var sums = new float[megabytes];
            double best = ParallelTime.Best(threads, repetitions, index =>
            {
                for (int i = index; i < megabytes; i += threads)
                    sums[i] = Sum(memory + (long)i * Chunk);
            });
            if (sums.Any(sum => sum != Chunk))
                throw new InvalidOperationException("The sums of the bandwidth measurement are not what they must be.");
            return (double)megabytes * Chunk * sizeof(float) / best * 1e-9;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Sums a chunk with four accumulators, so that memory is the bottleneck, not addition latency.</summary>
    /// <remarks>Fully optimized from the start: tier-0 code cannot keep up with memory.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* chunk)
    {
        Vector<float> a = default, b = default, c = default, d = default;
        int width = Vector<float>.Count;
        for (float* end = chunk + Chunk; chunk < end; chunk += 4 * width)
        {
            a += Vector.Load(chunk);
            b += Vector.Load(chunk + width);
            c += Vector.Load(chunk + 2 * width);
            d += Vector.Load(chunk + 3 * width);
        }
        return Vector.Sum(a + b + (c + d));
    }
}
