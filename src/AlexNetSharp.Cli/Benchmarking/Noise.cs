namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Whether a run had its processors for itself, by what can be seen from inside.</summary>
internal static class Noise
{
    /// <summary>Spread of the middle half of the steps above which somebody else must have been at work; on an idle machine it is some 2 %.</summary>
    private const double LargestSpread = 0.1;

    /// <summary>Loss of the multiply-adds' peak from before to after a run, or the other way, that only a neighbor explains.</summary>
    private const double LargestPeakChange = 0.15;

    /// <summary>What says that the machine was not alone; null where nothing does.</summary>
    /// <param name="durations">Steps of a run.</param>
    /// <param name="peaks">Multiply-add peaks before and after it, in GFLOP/s; null where they were not measured.</param>
    public static string? Describe(DurationStatistics durations, (double Before, double After)? peaks = null)
    {
        if (peaks is { } peak && Math.Abs(peak.Before - peak.After) > LargestPeakChange * Math.Max(peak.Before, peak.After))
            return FormattableString.Invariant($"the multiply-add peak was {peak.Before:0} GFLOP/s before and {peak.After:0} after");
        return durations.Count >= 4 && durations.Spread > LargestSpread
            ? FormattableString.Invariant($"the middle half of the steps spreads over {100 * durations.Spread:0} % of the median")
            : null;
    }
}
