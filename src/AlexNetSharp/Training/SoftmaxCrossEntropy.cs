namespace AlexNetSharp.Training;

/// <summary>
/// The loss of classification: −Σₖ q[k] · ln softmax(t)[k] for each picture, with q = (1 − smoothing) · onehot(label) + smoothing / classes.
/// </summary>
public static class SoftmaxCrossEntropy
{
    /// <summary>The sum of the pictures' losses.</summary>
    /// <param name="logits">The network's output t, [count, classes].</param>
    /// <param name="labels">The class of each picture.</param>
    /// <param name="labelSmoothing">Share of the target that is spread evenly over all classes.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is not the number of a class.</exception>
    public static double Compute(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, float labelSmoothing = 0) =>
        Compute(logits, labels, [], 0, labelSmoothing);

    /// <summary>The sum of the pictures' losses, and the gradient of scale times that sum.</summary>
    /// <param name="logits">The network's output t, [count, classes].</param>
    /// <param name="labels">The class of each picture.</param>
    /// <param name="gradient">Receives scale · (softmax(t) − q), [count, classes]; empty for none.</param>
    /// <param name="scale">Factor on the gradient: 1 / batch for the gradient of the mean.</param>
    /// <param name="labelSmoothing">Share of the target that is spread evenly over all classes.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is not the number of a class.</exception>
    public static double Compute(
        ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, Span<float> gradient, float scale, float labelSmoothing = 0)
    {
        if (labels.IsEmpty)
            return 0;
        int classes = logits.Length / labels.Length;
        if (classes * labels.Length != logits.Length || (!gradient.IsEmpty && gradient.Length != logits.Length))
            throw new ArgumentException(FormattableString.Invariant(
                $"{labels.Length} labels do not fit {logits.Length} outputs and {gradient.Length} gradients"));
        double sum = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
                throw new ArgumentException(FormattableString.Invariant(
                    $"picture {i} has label {labels[i]}, but the network has the classes 0 to {classes - 1}"), nameof(labels));
            ReadOnlySpan<float> t = logits.Slice(i * classes, classes);
            double max = double.NegativeInfinity, exponentials = 0, logs = 0;
            foreach (float value in t)
                max = Math.Max(max, value);
            foreach (float value in t)
            {
                exponentials += Math.Exp(value - max);
                logs += value - max;
            }
            double logSum = Math.Log(exponentials);
            double uniform = (double)labelSmoothing / classes;
            sum -= (1 - labelSmoothing) * (t[labels[i]] - max - logSum) + uniform * (logs - classes * logSum);
            if (gradient.IsEmpty)
                continue;
            for (int k = 0; k < classes; k++)
            {
                double q = uniform + (k == labels[i] ? 1 - labelSmoothing : 0);
                gradient[i * classes + k] = (float)(scale * (Math.Exp(t[k] - max - logSum) - q));
            }
        }
        return sum;
    }
}
