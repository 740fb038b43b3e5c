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
