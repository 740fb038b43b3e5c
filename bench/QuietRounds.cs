using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Benchmarks;

/// <summary>Which rounds of a measurement count: those before and after which the machine was as fast as in the best.</summary>
/// <remarks>The peak of multiply-adds is measured around every round; where it is low, a neighbor has the core.</remarks>
internal sealed class QuietRounds(int threads)
{
    /// <summary>Part of the best multiply-add peak that every round must find before and after it.</summary>
    private const double QuietPeak = 0.85;

    private readonly List<double> _peaks = [];

    /// <summary>Before the first round, and after each.</summary>
    public void Look() => _peaks.Add(FmaPeak.Measure(threads, repetitions: 5));

    /// <summary>Numbers of the rounds that count, all where fewer than half were quiet; and what is to be said about it, or nothing.</summary>
    public (int[] Rounds, string Noise) Result()
    {
        int[] quiet = Of([.. _peaks]), all = [.. Enumerable.Range(0, _peaks.Count - 1)];
        bool enough = 2 * quiet.Length >= all.Length;
        string noise = quiet.Length == all.Length ? "" : FormattableString.Invariant(
            $"a neighbor had the core in {all.Length - quiet.Length} of {all.Length} rounds, {(enough ? "which are left out" : "too many to leave them out")}");
        return (enough ? quiet : all, noise);
    }

    /// <summary>The rounds before and after which the peak was that of the best.</summary>
    internal static int[] Of(double[] peaks)
    {
        double least = QuietPeak * peaks.Max();
        return [.. Enumerable.Range(0, peaks.Length - 1).Where(round => peaks[round] >= least && peaks[round + 1] >= least)];
    }
}
