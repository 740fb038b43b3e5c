using AlexNetSharp.Formats;

namespace AlexNetSharp.Cli.Models;

/// <summary>Statistics of a tensor's values; NaN and infinite values are counted, and excluded from all other statistics.</summary>
internal sealed class TensorStatistics
{
    private TensorStatistics(float minimum, float maximum, double mean, double deviation, long notANumber, long infinite) =>
        (Minimum, Maximum, Mean, Deviation, NotANumber, Infinite) = (minimum, maximum, mean, deviation, notANumber, infinite);

    /// <summary>The smallest value; NaN if none is finite.</summary>
    public float Minimum { get; }

    /// <summary>The largest value; NaN if none is finite.</summary>
    public float Maximum { get; }

    /// <summary>The mean; NaN if none is finite.</summary>
    public double Mean { get; }

    /// <summary>The standard deviation, the root of the mean squared distance from the mean; NaN if none is finite.</summary>
    public double Deviation { get; }

    /// <summary>Number of NaN values.</summary>
    public long NotANumber { get; }

    /// <summary>Number of infinite values.</summary>
    public long Infinite { get; }

    private const int PieceElements = 1 << 14;

    /// <summary>Computes the statistics of <paramref name="tensor"/>, reading it in chunks.</summary>
    /// <exception cref="NotSupportedException">The elements are integers or Booleans.</exception>
    /// <exception cref="IOException">The file can no longer be read.</exception>
    public static TensorStatistics Of(NamedTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (float minimum, float maximum) = (float.PositiveInfinity, float.NegativeInfinity);
        // Sums of differences from the first finite value: with a large mean, the squares would lose small differences to rounding.
        double origin = double.NaN, sum = 0, squares = 0;
        long finite = 0, notANumber = 0;
        float[] piece = new float[Math.Min(PieceElements, tensor.Count)];
        for (long first = 0; first < tensor.Count; first += PieceElements)
        {
            Span<float> values = piece.AsSpan(0, (int)Math.Min(PieceElements, tensor.Count - first));
            tensor.CopyRange(first, values);
            foreach (float value in values)
            {
                if (!float.IsFinite(value))
                {
                    notANumber += float.IsNaN(value) ? 1 : 0;
                    continue;
                }
                if (finite++ == 0)
                    origin = value;
                double distance = value - origin;
                sum += distance;
                squares += distance * distance;
                minimum = Math.Min(minimum, value);
                maximum = Math.Max(maximum, value);
            }
        }
        long infinite = tensor.Count - finite - notANumber;
        if (finite == 0)
            return new TensorStatistics(float.NaN, float.NaN, double.NaN, double.NaN, notANumber, infinite);
        double mean = sum / finite;
        return new TensorStatistics(minimum, maximum, origin + mean, Math.Sqrt(Math.Max(0, squares / finite - mean * mean)), notANumber, infinite);
    }
}
