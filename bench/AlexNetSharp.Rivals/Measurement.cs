using System.Diagnostics;
using AlexNetSharp.Benchmarks;

namespace AlexNetSharp.Rivals;

/// <summary>Time of one call in seconds, over all measured calls.</summary>
internal sealed record Timing(double Median, double Min, double Max, int Calls)
{
    /// <summary>Result of the noise check; empty if all rounds were quiet.</summary>
    public string Noise { get; init; } = "";

    public static Timing Of(List<double> seconds)
    {
        double[] sorted = [.. seconds.Order()];
        int n = sorted.Length;
        double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
        return new Timing(median, sorted[0], sorted[^1], n);
    }
}

/// <summary>Times several calls side by side: in every round, each of them runs for about the same time, so that a change in the machine's speed affects all alike.</summary>
/// <remarks>
/// Rounds disturbed by other work (<see cref="QuietRounds"/>) are excluded from the medians, for all calls alike, as long as half as many as wanted remain.
/// </remarks>
/// <param name="rounds">Number of rounds.</param>
/// <param name="threads">Number of threads of each program.</param>
/// <param name="patience">Maximum time of a measurement for waiting until other work ends and for repeating disturbed rounds.</param>
internal sealed class Measurement(int rounds, int threads, TimeSpan patience)
{
    private const double SecondsPerTurn = 1;

    /// <summary>Warm-up calls for compilation, memory and caches; as many as in the notebook's benchmark.</summary>
    private const int WarmUp = 10;

    /// <summary>Maximum warm-up time: slow calls need fewer warm-up calls.</summary>
    private const double WarmUpSeconds = 30;

    /// <summary>Time after which no other program's threads are spinning: libtorch's OpenMP threads spin for 200 ms after their last call.</summary>
    private static readonly TimeSpan s_spinning = TimeSpan.FromMilliseconds(300);

    /// <summary>Returns the timing of each call.</summary>
    public Timing[] SideBySide(params Action[] calls) => SideBySide(WarmUp, calls);

    /// <inheritdoc cref="SideBySide(Action[])"/>
    public Timing[] SideBySide(int warmUp, params Action[] calls)
    {
        var seconds = calls.Select(_ => new List<List<double>>()).ToArray();
        var quiet = new QuietRounds(threads, rounds);
        int[] repeats = new int[calls.Length];
        for (int c = 0; c < calls.Length; c++)
        {
            long warm = Stopwatch.GetTimestamp();
            for (int i = 1; i < warmUp && (i < 3 || Stopwatch.GetElapsedTime(warm).TotalSeconds < WarmUpSeconds); i++)
                calls[c]();
            double once = Time(calls[c]);
            repeats[c] = (int)Math.Clamp(SecondsPerTurn / once, 1, 50);
        }
        Thread.Sleep(s_spinning);
        for (long start = Stopwatch.GetTimestamp(); quiet.More(patience - Stopwatch.GetElapsedTime(start));)
        {
            quiet.Begin(patience - Stopwatch.GetElapsedTime(start));
            for (int c = 0; c < calls.Length; c++)
            {
                calls[c]();
                seconds[c].Add([.. Enumerable.Range(0, repeats[c]).Select(_ => Time(calls[c]))]);
                Thread.Sleep(s_spinning);
            }
            quiet.End();
        }
        (int[] counted, string noise) = quiet.Result();
        return [.. seconds.Select(each => Timing.Of([.. counted.SelectMany(round => each[round])]) with { Noise = noise })];
    }

    private static double Time(Action call)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <summary>Compares the results of two runners before they are timed.</summary>
internal static class Agreement
{
    /// <summary>max|a − b| / max|b|.</summary>
    /// <exception cref="InvalidOperationException">The results differ by more than the bound, are empty, all zero or not finite.</exception>
    public static double Check(string what, float[] ours, float[] rivals, double bound)
    {
        if (ours.Length != rivals.Length || ours.Length == 0)
            throw new InvalidOperationException($"{what}: {ours.Length} values against {rivals.Length}");
        double scale = rivals.Max(Math.Abs), difference = 0;
        for (int i = 0; i < ours.Length; i++)
            difference = Math.Max(difference, Math.Abs((double)ours[i] - rivals[i]));
        double error = difference / scale;
        if (!(scale > 0) || !(error <= bound))
            throw new InvalidOperationException(FormattableString.Invariant($"{what}: relative difference {error:e2}, allowed {bound:e0}"));
        return error;
    }
}
