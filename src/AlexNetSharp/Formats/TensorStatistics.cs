namespace AlexNetSharp.Formats;

/// <summary>What the values of a tensor are like; those that are no finite numbers are counted and left out of everything else.</summary>
/// <param name="Minimum">The smallest value; NaN if none is finite.</param>
/// <param name="Maximum">The largest value; NaN if none is finite.</param>
/// <param name="Mean">The mean; NaN if none is finite.</param>
/// <param name="Deviation">The standard deviation, the root of the mean squared distance from the mean; NaN if none is finite.</param>
/// <param name="NotANumber">How many values are NaN.</param>
/// <param name="Infinite">How many are infinite.</param>
public readonly record struct TensorStatistics(float Minimum, float Maximum, double Mean, double Deviation, long NotANumber, long Infinite)
{
    private const int PieceElements = 1 << 14;

    /// <summary>Looks at every value of <paramref name="tensor"/>, piece by piece.</summary>
    /// <exception cref="NotSupportedException">The elements are integers or truth values.</exception>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    public static TensorStatistics Of(NamedTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (float minimum, float maximum) = (float.PositiveInfinity, float.NegativeInfinity);
        // Sums of distances from the first finite value: a large mean would drown small differences in the squares.
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
