namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Detects from a run's own measurements whether other work disturbed it.</summary>
internal static class Noise
{
    /// <summary>Relative interquartile range above which the machine must have been busy; about 2 % on an idle machine.</summary>
    private const double LargestSpread = 0.1;

    /// <summary>Change of the multiply-add peak between before and after a run that only other work on the machine explains.</summary>
    private const double LargestPeakChange = 0.15;

    /// <summary>Describes the evidence that the machine was busy with other work; null if there is none.</summary>
    /// <param name="durations">Durations of a run's steps.</param>
    /// <param name="peaks">Multiply-add peaks before and after the run, in GFLOP/s; null if not measured.</param>
    public static string? Describe(DurationStatistics durations, (double Before, double After)? peaks = null)
    {
        if (peaks is { } peak && Math.Abs(peak.Before - peak.After) > LargestPeakChange * Math.Max(peak.Before, peak.After))
            return FormattableString.Invariant($"the multiply-add peak was {peak.Before:0} GFLOP/s before and {peak.After:0} after");
        return durations.Count >= 4 && durations.Spread > LargestSpread
            ? FormattableString.Invariant($"the interquartile range of the step times is {100 * durations.Spread:0} % of the median")
            : null;
    }
}
