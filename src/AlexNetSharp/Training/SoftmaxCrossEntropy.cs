using AlexNetSharp.Threading;
using Kernel = AlexNetSharp.Kernels.Elementwise.SoftmaxCrossEntropy;

namespace AlexNetSharp.Training;

/// <summary>
/// The loss of classification: the mean over the images of −Σₖ q[k] · ln softmax(t)[k], with q = (1 − smoothing) · onehot(label) +
/// smoothing / classes.
/// </summary>
/// <remarks>Create it once and use it in every step: computing allocates nothing. Results are bit-identical for any number of threads.</remarks>
public sealed unsafe class SoftmaxCrossEntropy : IDisposable
{
    private readonly Kernel _kernel;
    private readonly WorkerPool? _ownPool;
    private readonly int _classes;

    /// <summary>Creates the loss.</summary>
    /// <param name="maxBatch">The most images per call.</param>
    /// <param name="classes">Number of outputs of the network.</param>
    /// <param name="labelSmoothing">Fraction of the target that is spread evenly over all classes, at least 0 and below 1.</param>
    /// <param name="threads">Threads to compute with, including the caller's.</param>
    /// <param name="classWeights">
    /// Factor on the loss of the images of each class; null for 1. The mean is still taken over the images: PyTorch's <c>CrossEntropyLoss(weight)</c>
    /// divides by the sum of the images' factors instead, which differs from batch to batch.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public SoftmaxCrossEntropy(int maxBatch, int classes, float labelSmoothing = 0, int threads = 1, IReadOnlyList<float>? classWeights = null)
        : this(new WorkerPool(threads), maxBatch, classes, labelSmoothing, classWeights, owns: true)
    {
    }

    /// <summary>Prepares the computation on the threads of a plan.</summary>
    internal SoftmaxCrossEntropy(WorkerPool pool, int maxBatch, int classes, float labelSmoothing, IReadOnlyList<float>? classWeights = null, bool owns = false)
    {
        _kernel = new Kernel(pool, maxBatch, classes, labelSmoothing, classWeights);
        _ownPool = owns ? pool : null;
        _classes = classes;
    }

    /// <summary>The mean loss, and scale times its gradient.</summary>
    /// <param name="logits">The network's output t, [images, classes].</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="gradient">Receives scale · (softmax(t) − q) / images, [images, classes]; empty for none.</param>
    /// <param name="scale">Factor on the gradient, for a batch that is computed in parts.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a label is not the number of a class.</exception>
    public double Compute(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, Span<float> gradient = default, float scale = 1)
    {
        if (logits.Length != (long)labels.Length * _classes || (!gradient.IsEmpty && gradient.Length != logits.Length))
            throw new ArgumentException(FormattableString.Invariant(
                $"{labels.Length} labels of {_classes} classes do not fit {logits.Length} outputs and {gradient.Length} gradients"));
        fixed (float* t = logits)
        fixed (float* g = gradient)
            return _kernel.Loss(t, labels, g, scale);
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _ownPool?.Dispose();
}
