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
internal static class Measurement
{
    private const double SecondsPerTurn = 1;

    /// <summary>Warm-up calls for compilation, memory and caches; as many as in the notebook's benchmark.</summary>
    private const int WarmUp = 10;

    /// <summary>Maximum warm-up time: slow calls need fewer warm-up calls.</summary>
    private const double WarmUpSeconds = 30;

    /// <remarks>
    /// Rounds disturbed by other work (<see cref="QuietRounds"/>) are excluded from the medians, for all calls alike, as long as half of the rounds remain.
    /// </remarks>
    public static Timing[] SideBySide(int rounds, int threads, params Action[] calls) => SideBySide(rounds, threads, WarmUp, calls);

    /// <inheritdoc cref="SideBySide(int, int, Action[])"/>
    public static Timing[] SideBySide(int rounds, int threads, int warmUp, params Action[] calls)
    {
        var seconds = calls.Select(_ => Enumerable.Range(0, rounds).Select(_ => new List<double>()).ToArray()).ToArray();
        var quiet = new QuietRounds(threads);
        int[] repeats = new int[calls.Length];
        for (int c = 0; c < calls.Length; c++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 1; i < warmUp && (i < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds); i++)
                calls[c]();
            double once = Time(calls[c]);
            repeats[c] = (int)Math.Clamp(SecondsPerTurn / once, 1, 50);
        }
        quiet.Look();
        for (int round = 0; round < rounds; round++)
        {
            for (int c = 0; c < calls.Length; c++)
            {
                // libtorch's OpenMP threads spin for 200 ms after their last call; wait until no other program's threads are spinning.
                Thread.Sleep(300);
                calls[c]();
                for (int i = 0; i < repeats[c]; i++)
                    seconds[c][round].Add(Time(calls[c]));
            }
            Thread.Sleep(300);
            quiet.Look();
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
