using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Benchmarks;

/// <summary>Selects the quiet rounds of a measurement: those before and after which the machine was as fast as at its best.</summary>
/// <remarks>The multiply-add peak is measured around every round; if it is low, other work uses the core.</remarks>
internal sealed class QuietRounds(int threads)
{
    /// <summary>Fraction of the best multiply-add peak required before and after a quiet round.</summary>
    private const double QuietPeak = 0.85;

    private readonly List<double> _peaks = [];

    /// <summary>Measures the peak; call it before the first round and after each round.</summary>
    public void Look() => _peaks.Add(FmaPeak.Measure(threads, repetitions: 5));

    /// <summary>Returns the indices of the quiet rounds, or of all if fewer than half were quiet, and a note about it, which may be empty.</summary>
    public (int[] Rounds, string Noise) Result()
    {
        int[] quiet = Of([.. _peaks]), all = [.. Enumerable.Range(0, _peaks.Count - 1)];
        bool enough = 2 * quiet.Length >= all.Length;
        string noise = quiet.Length == all.Length ? "" : FormattableString.Invariant(
            $"other work disturbed {all.Length - quiet.Length} of {all.Length} rounds, {(enough ? "which are excluded" : "too many to exclude")}");
        return (enough ? quiet : all, noise);
    }

    /// <summary>Returns the rounds before and after which the peak was close to the best.</summary>
    internal static int[] Of(double[] peaks)
    {
        double least = QuietPeak * peaks.Max();
        return [.. Enumerable.Range(0, peaks.Length - 1).Where(round => peaks[round] >= least && peaks[round + 1] >= least)];
    }
}
