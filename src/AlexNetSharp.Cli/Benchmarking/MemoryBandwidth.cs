using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures how fast the threads can read memory: the floor of everything that must touch all weights once.</summary>
internal static unsafe class MemoryBandwidth
{
    private const int Chunk = 1 << 18, Alignment = 64;

    /// <summary>The best of several passes over a block of memory, in GB/s (10⁹ bytes), all threads together.</summary>
    /// <param name="threads">Threads that read at the same time; at least 1.</param>
    /// <param name="megabytes">Size of the block in MiB, at least 1; several times the last cache, to measure memory and not the cache.</param>
    /// <param name="repetitions">Passes; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is less than 1.</exception>
    public static double Measure(int threads, int megabytes = 256, int repetitions = 5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(megabytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)megabytes * Chunk * sizeof(float), Alignment);
        try
        {
            for (int i = 0; i < megabytes; i++)
                Part(memory, i).Fill(1);
            var sums = new float[megabytes];
            double best = ParallelTime.Best(threads, repetitions, index =>
            {
                for (int i = index; i < megabytes; i += threads)
                    sums[i] = TensorPrimitives.Sum<float>(Part(memory, i));
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

    private static Span<float> Part(float* memory, int index) => new(memory + (long)index * Chunk, Chunk);
}
