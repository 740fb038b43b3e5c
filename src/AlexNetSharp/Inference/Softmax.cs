using System.Buffers;

namespace AlexNetSharp.Inference;

/// <summary>From logits to probabilities.</summary>
internal static class Softmax
{
    /// <summary>probabilities[k] = mean over the views of exp(z[v, k]) / Σ exp(z[v, j]), summed in double precision.</summary>
    /// <param name="logits">z, [views, classes].</param>
    /// <param name="probabilities">[classes]; may be the first view's logits. Not a number where a view's logits are not finite.</param>
    public static void MeanOfViews(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        int classes = probabilities.Length, views = logits.Length / classes;
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
            for (int k = 0; k < classes; k++)
                sums[k] += Math.Exp(z[k] - max) / total;
        }
        for (int k = 0; k < classes; k++)
            probabilities[k] = (float)(sums[k] / views);
        ArrayPool<double>.Shared.Return(memory);
    }
}
