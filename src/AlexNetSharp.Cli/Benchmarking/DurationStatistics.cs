namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Durations of steps in seconds, and what can be said about them. Memory is taken once, so that adding allocates nothing.</summary>
/// <param name="capacity">The most durations that will be added.</param>
internal sealed class DurationStatistics(int capacity)
{
    private readonly double[] _seconds = new double[capacity];
    private double _sum, _sumOfSquares;

    /// <summary>Durations added.</summary>
    public int Count { get; private set; }

    /// <summary>The durations in the order in which they were added.</summary>
    public ReadOnlySpan<double> Seconds => _seconds.AsSpan(0, Count);

    /// <summary>E[d].</summary>
    public double Mean => Count > 0 ? _sum / Count : throw Nothing();

    /// <summary>√(E[d²] − E[d]²), as the notebook computes it: the deviation of these steps, not an estimate of that of all.</summary>
    /// <remarks>Rounding can make the difference of two nearly equal numbers slightly negative; then all durations were alike.</remarks>
    public double Deviation => Count > 0 ? Math.Sqrt(Math.Max(0, _sumOfSquares / Count - Mean * Mean)) : throw Nothing();

    /// <summary>The middle one; between the middle two for an even number.</summary>
    public double Median
    {
        get
        {
            double[] sorted = Sorted();
            return (sorted[(Count - 1) / 2] + sorted[Count / 2]) / 2;
        }
    }

    /// <summary>The duration that a part of all does not exceed, by linear interpolation: 0.9 gives the 90th percentile.</summary>
    public double Quantile(double part) => SortedSample.Quantile(Sorted(), part);

    /// <summary>Between which two durations the median of endless such steps lies with 95 %, whatever their distribution.</summary>
    /// <remarks>
    /// Order statistics: how many of n steps are shorter than the true median is binomial with probability ½. Steps are taken to be independent,
    /// which a neighbor who comes and goes makes them not. All that there are where they are fewer than six.
    /// </remarks>
    public (double Low, double High) MedianInterval
    {
        get
        {
            double[] sorted = Sorted();
            int low = (int)Math.Floor((Count - 1.96 * Math.Sqrt(Count)) / 2);
            return Count < 6 ? (sorted[0], sorted[^1]) : (sorted[Math.Max(0, low - 1)], sorted[Math.Min(Count - 1, Count - low)]);
        }
    }

    /// <summary>How far the middle half of the steps spreads, as a part of the median.</summary>
    public double Spread => (Quantile(0.75) - Quantile(0.25)) / Median;

    /// <summary>The shortest.</summary>
    public double Min => Sorted()[0];

    /// <summary>The longest.</summary>
    public double Max => Sorted()[^1];

    /// <summary>Adds a duration.</summary>
    /// <exception cref="IndexOutOfRangeException">There are more than the capacity.</exception>
    public void Add(double seconds)
    {
        _seconds[Count++] = seconds;
        _sum += seconds;
        _sumOfSquares += seconds * seconds;
    }

    private double[] Sorted()
    {
        double[] sorted = [.. Seconds];
        Array.Sort(sorted);
        return Count > 0 ? sorted : throw Nothing();
    }

    private static InvalidOperationException Nothing() => new("no duration was added");
}

/// <summary>What can be said about numbers in rising order.</summary>
internal static class SortedSample
{
    /// <summary>The number that a part of all does not exceed, by linear interpolation between neighbors.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double part)
    {
        double at = part * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[^1];
    }
}
