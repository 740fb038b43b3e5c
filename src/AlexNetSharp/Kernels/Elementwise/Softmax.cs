using System.Buffers;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>From logits to probabilities, for one view of an image or the mean over several; computed in double precision.</summary>
/// <remarks>Allocates nothing as long as the shared pool of arrays has one that is free.</remarks>
internal static class Softmax
{
    /// <summary>probabilities[k] = mean over the views of exp(z[v, k]) / Σ exp(z[v, j]).</summary>
    /// <param name="logits">z, [views, classes].</param>
    /// <param name="probabilities">[classes]; may be the first view's logits. NaN if a view's logits are not finite.</param>
    public static void MeanOfViews(ReadOnlySpan<float> logits, Span<float> probabilities) => Compute(logits, probabilities, logarithm: false);

    /// <summary>logProbabilities[k] = ln of what <see cref="MeanOfViews"/> gives.</summary>
    /// <param name="logits">z, [views, classes].</param>
    /// <param name="logProbabilities">[classes]; may be the first view's logits. NaN if a view's logits are not finite.</param>
    public static void LogMeanOfViews(ReadOnlySpan<float> logits, Span<float> logProbabilities) => Compute(logits, logProbabilities, logarithm: true);

    private static void Compute(ReadOnlySpan<float> logits, Span<float> result, bool logarithm)
    {
        int classes = result.Length, views = logits.Length / classes;
        double[] memory = ArrayPool<double>.Shared.Rent(classes);
        Span<double> sums = memory.AsSpan(0, classes);
        sums.Clear();
        for (int v = 0; v < views; v++)
        {
            ReadOnlySpan<float> z = logits.Slice(v * classes, classes);
            double max = double.NegativeInfinity, total = 0;
            foreach (float value in z)
                max = Math.Max(max, value);
            foreach (float value in z)
                total += Math.Exp(value - max);
            // The logarithm for one view goes without the detour over probabilities, which would lose what is below 1e-308.
            for (int k = 0; k < classes; k++)
                sums[k] = logarithm && views == 1 ? z[k] - max - Math.Log(total) : sums[k] + Math.Exp(z[k] - max) / total;
        }
        for (int k = 0; k < classes; k++)
            result[k] = (float)(logarithm && views == 1 ? sums[k] : logarithm ? Math.Log(sums[k] / views) : sums[k] / views);
        ArrayPool<double>.Shared.Return(memory);
    }
}
