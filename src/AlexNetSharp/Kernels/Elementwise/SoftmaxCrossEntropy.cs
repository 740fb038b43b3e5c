using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>The cross-entropy loss of the softmax of each row, p[r, k] = exp(z[r, k]) / Σ exp(z[r, j]).</summary>
/// <remarks>
/// <para>
/// With label l and smoothing ε the target is t[k] = ε/K + (1 − ε)·[k = l] (PyTorch's <c>label_smoothing</c>); the loss is the mean over the
/// rows of −Σ t[k]·ln p[k], and its gradient for z[r, k] is (p[k] − t[k]) / rows.
/// </para>
/// <para>
/// The largest logit is subtracted before the exponentials, so nothing overflows. Exponentials are float32; sums and the loss are double
/// precision, summed row after row: the same bits for any number of threads.
/// A NaN among the logits makes the loss NaN.
/// </para>
/// </remarks>
internal sealed unsafe class SoftmaxCrossEntropy
{
    private readonly WorkerPool _pool;
    private readonly int _classes;
    private readonly float _smoothing;
    private readonly float[]? _classWeights;
    private readonly int[] _labels;
    private readonly double[] _losses;
    private readonly Job _loss;
    private float* _logits, _gradient;
    private float _gradientScale;

    /// <summary>Prepares the operation.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="maxRows">The most rows of a call.</param>
    /// <param name="classes">K, the length of a row.</param>
    /// <param name="smoothing">ε, in [0, 1).</param>
    /// <param name="classWeights">Factor on loss and gradient of the rows of each class, [classes], at least 0; null for 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Rows or classes are below 1, or the smoothing is outside [0, 1).</exception>
    /// <exception cref="ArgumentException">The factors are not as many as the classes, negative, or not finite.</exception>
    public SoftmaxCrossEntropy(WorkerPool pool, int maxRows, int classes, float smoothing = 0, IReadOnlyList<float>? classWeights = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (!(smoothing >= 0 && smoothing < 1))
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "label smoothing must be at least 0 and below 1");
        if (classWeights is not null && (classWeights.Count != classes || !classWeights.All(weight => weight >= 0 && float.IsFinite(weight))))
            throw new ArgumentException(FormattableString.Invariant($"{classWeights.Count} class weights for {classes} classes: give one for each, at least 0"), nameof(classWeights));
        (_pool, _classes, _smoothing, _classWeights) = (pool, classes, smoothing, classWeights?.ToArray());
        _labels = new int[maxRows];
        _losses = new double[maxRows];
        _loss = Row;
    }

    /// <summary>The mean loss of the rows, and its gradient.</summary>
    /// <param name="logits">[labels.Length, classes].</param>
    /// <param name="labels">The right class of each row.</param>
    /// <param name="gradient">[labels.Length, classes], overwritten; null if it is not needed; may be the same memory as the logits.</param>
    /// <param name="gradientScale">Factor of the gradient, for a batch that is computed in parts.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is not in [0, classes), or there are more rows than were announced, or none.</exception>
    public double Loss(float* logits, ReadOnlySpan<int> labels, float* gradient, float gradientScale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(labels.Length, 1, nameof(labels));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(labels.Length, _labels.Length, nameof(labels));
        foreach (int label in labels)
            if ((uint)label >= (uint)_classes)
                throw new ArgumentOutOfRangeException(nameof(labels), label, FormattableString.Invariant($"labels must be from 0 to {_classes - 1}"));
        labels.CopyTo(_labels);
        _logits = logits;
        _gradient = gradient;
        _gradientScale = gradientScale / labels.Length;
        _pool.Run(_loss, labels.Length);
        double sum = 0;
        for (int i = 0; i < labels.Length; i++)
            sum += _losses[i];
        return sum / labels.Length;
    }

    /// <summary>Loss and gradient of one row.</summary>
    private void Row(int index, int worker)
    {
        int classes = _classes, label = _labels[index];
        float* logits = _logits + (long)index * classes, gradient = _gradient + (long)index * classes;
        float max = float.NegativeInfinity;
        for (int k = 0; k < classes; k++)
            max = MathF.Max(max, logits[k]);
        double sum = 0, distance = 0;
        float right = logits[label];
        bool store = _gradient != null;
        for (int k = 0; k < classes; k++)
        {
            distance += (double)max - logits[k];
            float exponential = MathF.Exp(logits[k] - max);
            sum += exponential;
            if (store)
                gradient[k] = exponential;
        }
        // −ln p[k] = ln Σ exp(z − max) + max − z[k].
        double log = Math.Log(sum), smoothing = _smoothing;
        float weight = _classWeights is null ? 1 : _classWeights[label], gradientScale = _gradientScale * weight;
        _losses[index] = weight * (log + (1 - smoothing) * ((double)max - right) + smoothing / classes * distance);
        if (!store)
            return;
        double scale = gradientScale / sum;
        float uniform = (float)(gradientScale * smoothing / classes);
        for (int k = 0; k < classes; k++)
            gradient[k] = (float)(gradient[k] * scale) - uniform;
        gradient[label] -= (float)(gradientScale * (1 - smoothing));
    }
}
