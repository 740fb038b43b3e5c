namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Durations of steps in seconds, with their statistics. Memory is allocated once, so adding a duration allocates nothing.</summary>
/// <param name="capacity">Maximum number of durations.</param>
internal sealed class DurationStatistics(int capacity)
{
    private readonly double[] _seconds = new double[capacity];
    private double _sum, _sumOfSquares;

    /// <summary>Number of durations added.</summary>
    public int Count { get; private set; }

    /// <summary>The durations, in the order in which they were added.</summary>
    public ReadOnlySpan<double> Seconds => _seconds.AsSpan(0, Count);

    /// <summary>The mean, E[d].</summary>
    public double Mean => Count > 0 ? _sum / Count : throw Nothing();

    /// <summary>The standard deviation √(E[d²] − E[d]²) of these steps, as the notebook computes it, without Bessel's correction.</summary>
    /// <remarks>Rounding can make the difference of two nearly equal numbers slightly negative; all durations were then equal.</remarks>
    public double Deviation => Count > 0 ? Math.Sqrt(Math.Max(0, _sumOfSquares / Count - Mean * Mean)) : throw Nothing();

    /// <summary>The median; for an even count, the mean of the middle two.</summary>
    public double Median
    {
        get
        {
            double[] sorted = Sorted();
            return (sorted[(Count - 1) / 2] + sorted[Count / 2]) / 2;
        }
    }

    /// <summary>A quantile of the durations, by linear interpolation: 0.9 gives the 90th percentile.</summary>
    public double Quantile(double part) => SortedSample.Quantile(Sorted(), part);

    /// <summary>Distribution-free 95 % confidence interval of the median.</summary>
    /// <remarks>
    /// Order statistics: the number of steps shorter than the true median is binomial with probability ½. This assumes independent steps,
    /// which intermittent load from other processes violates. With fewer than six steps, the interval is their full range.
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

    /// <summary>Interquartile range as a fraction of the median.</summary>
    public double Spread => (Quantile(0.75) - Quantile(0.25)) / Median;

    /// <summary>The shortest duration.</summary>
    public double Min => Sorted()[0];

    /// <summary>The longest duration.</summary>
    public double Max => Sorted()[^1];

    /// <summary>Adds a duration.</summary>
    /// <exception cref="IndexOutOfRangeException">The capacity is exceeded.</exception>
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

/// <summary>Statistics of numbers in ascending order.</summary>
internal static class SortedSample
{
    /// <summary>A quantile, by linear interpolation between neighbors.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double part)
    {
        double at = part * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[^1];
    }
}
