using System.Runtime.CompilerServices;
using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Benchmarks;

/// <summary>Measures how many simple instructions per second threads execute.</summary>
/// <remarks>
/// The multiply-add peak (<see cref="FmaPeak"/>) needs few instructions, and hardly falls while the other hardware thread of a core executes integer code.
/// This loop needs all that a core decodes and issues, and is slowed by any neighbor, as code is that loads, adds and stores beside its multiply-adds.
/// </remarks>
internal static class InstructionRate
{
    private const int Chains = 8, Steps = 2_000_000;

    /// <summary>Returns the best of several short measurements, in 10⁹ instructions per second for all threads together.</summary>
    /// <param name="threads">Number of concurrent threads; at least 1.</param>
    /// <param name="repetitions">Number of measurements, each about 2 ms; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The result of the loop is wrong.</exception>
    public static double Measure(int threads, int repetitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        var results = new ulong[threads];
        // The first round compiles.
        double best = ParallelTime.Best(threads, repetitions + 1, index => results[index] = Loop(Steps, 3));
        // ~(~(s + x) + x) = s: an even number of steps ends where it began.
        if (results.Any(sum => sum != 0))
            throw new InvalidOperationException("The sums of the instruction rate are not what they must be.");
        return 2.0 * Chains * Steps * threads / best * 1e-9;
    }

    /// <summary>Independent chains of an addition and an exclusive or.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Loop(int steps, ulong x)
    {
        ulong s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        for (int i = 0; i < steps; i++)
        {
            s0 = (s0 + x) ^ ulong.MaxValue;
            s1 = (s1 + x) ^ ulong.MaxValue;
            s2 = (s2 + x) ^ ulong.MaxValue;
            s3 = (s3 + x) ^ ulong.MaxValue;
            s4 = (s4 + x) ^ ulong.MaxValue;
            s5 = (s5 + x) ^ ulong.MaxValue;
            s6 = (s6 + x) ^ ulong.MaxValue;
            s7 = (s7 + x) ^ ulong.MaxValue;
        }
        return s0 | s1 | s2 | s3 | s4 | s5 | s6 | s7;
    }
}
