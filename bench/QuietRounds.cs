using System.Diagnostics;
using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Benchmarks;

/// <summary>Selects the quiet rounds of a measurement: those before and after which the machine was as fast as at its best.</summary>
/// <remarks>
/// The multiply-add peak and the rate of simple instructions are measured before and after every round; if one of them is low, other work uses the core.
/// (The peak alone hardly falls if that work is integer code on the core's other hardware thread.)
/// </remarks>
/// <param name="threads">Number of threads of the measured programs.</param>
/// <param name="rounds">Number of quiet rounds wanted.</param>
internal sealed class QuietRounds(int threads, int rounds)
{
    /// <summary>Fraction of the best speed required before and after a quiet round.</summary>
    private const double QuietSpeed = 0.85;

    /// <summary>Measurements of each kind, one after the other, of some milliseconds each. Their median counts, for other work comes and goes.</summary>
    private const int Repetitions = 9;

    /// <summary>Time between two looks while waiting.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>The best speeds of this process: a measurement may be disturbed from its first round to its last.</summary>
    private static double s_bestPeak, s_bestRate;

    private readonly List<(Speed Before, Speed After)> _rounds = [];
    private Speed _before;

    /// <summary>Begins a round, when the machine is quiet or the time for waiting is over.</summary>
    /// <param name="patience">Maximum time to wait.</param>
    public void Begin(TimeSpan patience = default)
    {
        long start = Stopwatch.GetTimestamp();
        while (!IsQuiet(_before = Look()) && Stopwatch.GetElapsedTime(start) + s_pause < patience)
            Thread.Sleep(s_pause);
    }

    /// <summary>Ends a round.</summary>
    public void End() => _rounds.Add((_before, Look()));

    /// <summary>Returns whether another round is to be measured: until enough are measured and, while there is time, until enough of them are quiet.</summary>
    /// <param name="patience">Time left for waiting.</param>
    public bool More(TimeSpan patience) => _rounds.Count < rounds || (patience > TimeSpan.Zero && Quiet().Length < rounds);

    /// <summary>Returns the indices of the quiet rounds, or of all if fewer than half as many as wanted were quiet, and a note about it, which may be empty.</summary>
    public (int[] Rounds, string Noise) Result()
    {
        int[] quiet = Quiet(), all = [.. Enumerable.Range(0, _rounds.Count)];
        bool enough = 2 * quiet.Length >= rounds;
        string noise = quiet.Length == all.Length ? "" : FormattableString.Invariant(
            $"other work disturbed {all.Length - quiet.Length} of {all.Length} rounds, {(enough ? "which are excluded" : "too many to exclude")}");
        return (enough ? quiet : all, noise);
    }

    private int[] Quiet() => [.. Enumerable.Range(0, _rounds.Count).Where(round => IsQuiet(_rounds[round].Before) && IsQuiet(_rounds[round].After))];

    private static bool IsQuiet(Speed speed) => speed.Peak >= QuietSpeed * s_bestPeak && speed.Rate >= QuietSpeed * s_bestRate;

    private Speed Look() => new(
        Median(() => FmaPeak.Measure(threads, repetitions: 1), ref s_bestPeak), Median(() => InstructionRate.Measure(threads, repetitions: 1), ref s_bestRate));

    private static double Median(Func<double> measure, ref double best)
    {
        double[] speeds = [.. Enumerable.Range(0, Repetitions).Select(_ => measure()).Order()];
        best = Math.Max(best, speeds[^1]);
        return speeds[Repetitions / 2];
    }

    /// <summary>The multiply-add peak and the rate of simple instructions.</summary>
    private readonly record struct Speed(double Peak, double Rate);
}
