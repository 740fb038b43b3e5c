using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures the peak multiply-add rate of the processor: the yardstick for every kernel.</summary>
/// <remarks>
/// Twelve independent sums in registers, without memory access: enough to fill two pipelines with a latency of four cycles, and few enough for 16
/// registers. One multiply-add of one lane counts as two operations. The sums are part of the result, so that no compiler can eliminate them.
/// </remarks>
internal static class FmaPeak
{
    private const int Sums = 12, Steps = 2_000_000;

    /// <summary>Returns the best of several short measurements, in GFLOP/s for all threads together.</summary>
    /// <param name="threads">Number of concurrent threads; at least 1.</param>
    /// <param name="repetitions">Number of measurements, each about 5 to 10 ms, so that in the best one every thread has its own CPU; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is less than 1.</exception>
    public static double Measure(int threads, int repetitions = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        int lanes = Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256.IsHardwareAccelerated ? Vector256<float>.Count : Vector128<float>.Count;
        var results = new float[threads];
        // The first round compiles.
        double best = ParallelTime.Best(threads, repetitions + 1, index => results[index] = Loop(Steps, 0.5f, 1));
        // x ← x/2 + 1 tends to 2 from any start.
        if (results.Any(sum => Math.Abs(sum - 2 * Sums * lanes) > 1e-3))
            throw new InvalidOperationException("The sums of the peak measurement are not what they must be.");
        return 2.0 * Sums * Steps * lanes * threads / best * 1e-9;
    }

    private static float Loop(int steps, float factor, float summand) =>
        Vector512.IsHardwareAccelerated ? Loop<Lanes512, Vector512<float>>(steps, Vector512.Create(factor), Vector512.Create(summand))
        : Vector256.IsHardwareAccelerated ? Loop<Lanes256, Vector256<float>>(steps, Vector256.Create(factor), Vector256.Create(summand))
        : Loop<Lanes128, Vector128<float>>(steps, Vector128.Create(factor), Vector128.Create(summand));

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop<L, V>(int steps, V x, V y)
        where L : ILanes<V>
        where V : struct
    {
        V s0 = default, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
        for (int i = 0; i < steps; i++)
        {
            s0 = L.MultiplyAdd(s0, x, y);
            s1 = L.MultiplyAdd(s1, x, y);
            s2 = L.MultiplyAdd(s2, x, y);
            s3 = L.MultiplyAdd(s3, x, y);
            s4 = L.MultiplyAdd(s4, x, y);
            s5 = L.MultiplyAdd(s5, x, y);
            s6 = L.MultiplyAdd(s6, x, y);
            s7 = L.MultiplyAdd(s7, x, y);
            s8 = L.MultiplyAdd(s8, x, y);
            s9 = L.MultiplyAdd(s9, x, y);
            s10 = L.MultiplyAdd(s10, x, y);
            s11 = L.MultiplyAdd(s11, x, y);
        }
        return L.Sum(s0) + L.Sum(s1) + L.Sum(s2) + L.Sum(s3) + L.Sum(s4) + L.Sum(s5)
            + L.Sum(s6) + L.Sum(s7) + L.Sum(s8) + L.Sum(s9) + L.Sum(s10) + L.Sum(s11);
    }

    /// <summary>The two vector operations that the loop needs.</summary>
    private interface ILanes<V>
    {
        static abstract V MultiplyAdd(V a, V b, V c);

        static abstract float Sum(V a);
    }

    private readonly struct Lanes512 : ILanes<Vector512<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

        public static float Sum(Vector512<float> a) => Vector512.Sum(a);
    }

    private readonly struct Lanes256 : ILanes<Vector256<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

        public static float Sum(Vector256<float> a) => Vector256.Sum(a);
    }

    private readonly struct Lanes128 : ILanes<Vector128<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

        public static float Sum(Vector128<float> a) => Vector128.Sum(a);
    }
}
