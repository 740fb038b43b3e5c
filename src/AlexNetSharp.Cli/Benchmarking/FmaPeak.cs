using System.Diagnostics;
using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures how many multiply-adds the processor can do at best: the yardstick of every kernel.</summary>
/// <remarks>
/// Twelve independent sums in registers, nothing from memory: enough to fill two pipelines with a latency of four cycles, and few enough for 16
/// registers. One multiply-add of one lane counts as two operations. The sums are part of the result, so that no compiler can leave them out.
/// </remarks>
internal static class FmaPeak
{
    private const int Sums = 12, Steps = 2_000_000;

    /// <summary>The best of several short measurements, in GFLOP/s, all threads together.</summary>
    /// <param name="threads">Threads that compute at the same time; at least 1.</param>
    /// <param name="repetitions">Measurements, of some 5 to 10 ms each, so that the best of them sees all threads on processors of their own; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is less than 1.</exception>
    public static double Measure(int threads, int repetitions = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        return SimdTiers.Call<PeakCode, double>(new PeakCode(threads, repetitions));
    }

    /// <summary>As the other overload, on the given vectors.</summary>
    public static double Measure<V>(int threads, int repetitions)
        where V : unmanaged, ISimd<V>
    {
        using var pool = new WorkerPool(threads);
        var job = new PeakJob<V>(threads);
        long best = long.MaxValue;
        pool.Run(job.Execute, threads);
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(job.Execute, threads);
            best = Math.Min(best, Stopwatch.GetTimestamp() - start);
        }
        if (!job.Valid)
            throw new InvalidOperationException("The sums of the peak measurement are not what they must be.");
        return 2.0 * Sums * Steps * V.Count * threads / Stopwatch.GetElapsedTime(0, best).TotalSeconds * 1e-9;
    }

    private readonly struct PeakCode(int threads, int repetitions) : IVectorCode<double>
    {
        public double Call<B, V>()
            where B : unmanaged, ISimdBits<B, V>
            where V : unmanaged, ISimd<V> => Measure<V>(threads, repetitions);
    }

    private sealed class PeakJob<V>(int threads)
        where V : unmanaged, ISimd<V>
    {
        private readonly float[] _results = new float[threads];

        // x ← x/2 + 1 tends to 2 from any start.
        public bool Valid => _results.All(sum => Math.Abs(sum - 2 * Sums * V.Count) < 1e-3);

        public void Execute(int index, int worker) => _results[index] = Loop<V>(Steps, 0.5f, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop<V>(int steps, float factor, float summand)
        where V : unmanaged, ISimd<V>
    {
        V x = V.Broadcast(factor), y = V.Broadcast(summand);
        V s0 = V.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
        for (int i = 0; i < steps; i++)
        {
            s0 = V.MultiplyAdd(s0, x, y);
            s1 = V.MultiplyAdd(s1, x, y);
            s2 = V.MultiplyAdd(s2, x, y);
            s3 = V.MultiplyAdd(s3, x, y);
            s4 = V.MultiplyAdd(s4, x, y);
            s5 = V.MultiplyAdd(s5, x, y);
            s6 = V.MultiplyAdd(s6, x, y);
            s7 = V.MultiplyAdd(s7, x, y);
            s8 = V.MultiplyAdd(s8, x, y);
            s9 = V.MultiplyAdd(s9, x, y);
            s10 = V.MultiplyAdd(s10, x, y);
            s11 = V.MultiplyAdd(s11, x, y);
        }
        return V.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }
}
