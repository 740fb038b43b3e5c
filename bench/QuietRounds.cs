using System.Diagnostics;
using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Benchmarks;

/// <summary>Selects the quiet rounds of a measurement: those before and after which the machine was as fast as at its best.</summary>
/// <remarks>The multiply-add peak is measured before and after every round; if it is low, other work uses the core.</remarks>
/// <param name="threads">Number of threads of the measured programs.</param>
/// <param name="rounds">Number of quiet rounds wanted.</param>
internal sealed class QuietRounds(int threads, int rounds)
{
    /// <summary>Fraction of the best multiply-add peak required before and after a quiet round.</summary>
    private const double QuietPeak = 0.85;

    /// <summary>Peaks measured one after the other, about 10 ms each. Their median counts, for other work comes and goes.</summary>
    private const int Repetitions = 9;

    /// <summary>Time between two peaks while waiting.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>The best peak of this process: a measurement may be disturbed from its first round to its last.</summary>
    private static double s_best;

    private readonly List<(double Before, double After)> _peaks = [];
    private double _before;

    /// <summary>Begins a round, when the machine is quiet or the time for waiting is over.</summary>
    /// <param name="patience">Maximum time to wait.</param>
    public void Begin(TimeSpan patience = default)
    {
        long start = Stopwatch.GetTimestamp();
        while (!IsQuiet(_before = Peak()) && Stopwatch.GetElapsedTime(start) + s_pause < patience)
            Thread.Sleep(s_pause);
    }

    /// <summary>Ends a round.</summary>
    public void End() => _peaks.Add((_before, Peak()));

    /// <summary>Returns whether another round is to be measured: until enough are measured and, while there is time, until enough of them are quiet.</summary>
    /// <param name="patience">Time left for waiting.</param>
    public bool More(TimeSpan patience) => _peaks.Count < rounds || (patience > TimeSpan.Zero && Quiet().Length < rounds);

    /// <summary>Returns the indices of the quiet rounds, or of all if fewer than half as many as wanted were quiet, and a note about it, which may be empty.</summary>
    public (int[] Rounds, string Noise) Result()
    {
        int[] quiet = Quiet(), all = [.. Enumerable.Range(0, _peaks.Count)];
        bool enough = 2 * quiet.Length >= rounds;
        string noise = quiet.Length == all.Length ? "" : FormattableString.Invariant(
            $"other work disturbed {all.Length - quiet.Length} of {all.Length} rounds, {(enough ? "which are excluded" : "too many to exclude")}");
        return (enough ? quiet : all, noise);
    }

    private int[] Quiet() => [.. Enumerable.Range(0, _peaks.Count).Where(round => IsQuiet(_peaks[round].Before) && IsQuiet(_peaks[round].After))];

    private static bool IsQuiet(double peak) => peak >= QuietPeak * s_best;

    private double Peak()
    {
        double[] peaks = [.. Enumerable.Range(0, Repetitions).Select(_ => FmaPeak.Measure(threads, repetitions: 1)).Order()];
        s_best = Math.Max(s_best, peaks[^1]);
        return peaks[Repetitions / 2];
    }
}
