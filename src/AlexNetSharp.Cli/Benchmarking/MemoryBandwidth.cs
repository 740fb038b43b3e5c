using System.Diagnostics;
using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures how fast the threads can read memory: the floor of everything that must touch all weights once.</summary>
internal static unsafe class MemoryBandwidth
{
    private const int Chunk = 1 << 18;

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
        using var memory = new AlignedBuffer((long)megabytes * Chunk);
        for (int i = 0; i < megabytes; i++)
            new Span<float>(memory.Pointer + (long)i * Chunk, Chunk).Fill(1);
        using var pool = new WorkerPool(threads);
        var job = new ReadJob(memory, megabytes);
        long best = long.MaxValue;
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(job.Execute, megabytes);
            best = Math.Min(best, Stopwatch.GetTimestamp() - start);
        }
        if (!job.Valid)
            throw new InvalidOperationException("The sums of the bandwidth measurement are not what they must be.");
        return (double)megabytes * Chunk * sizeof(float) / Stopwatch.GetElapsedTime(0, best).TotalSeconds * 1e-9;
    }

    private sealed class ReadJob(AlignedBuffer memory, int chunks)
    {
        private readonly float[] _sums = new float[chunks];

        public bool Valid => _sums.All(sum => sum == Chunk);

        public void Execute(int index, int worker) =>
            _sums[index] = SimdTiers.Call<SumCode, float>(new SumCode(memory.Pointer + (long)index * Chunk));

        private readonly struct SumCode(float* chunk) : IVectorCode<float>
        {
            public float Call<B, V>()
                where B : unmanaged, ISimdBits<B, V>
                where V : unmanaged, ISimd<V> => Sum<V>(chunk);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Sum<V>(float* source)
            where V : unmanaged, ISimd<V>
        {
            V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
            for (float* end = source + Chunk; source < end; source += 4 * V.Count)
            {
                s0 += V.Load(source);
                s1 += V.Load(source + V.Count);
                s2 += V.Load(source + 2 * V.Count);
                s3 += V.Load(source + 3 * V.Count);
            }
            return V.Sum(s0 + s1 + s2 + s3);
        }
    }
}
