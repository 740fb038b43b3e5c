using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>A misclassified image.</summary>
public sealed class Mistake
{
    internal Mistake(int index, int label, int predicted, double probability) =>
        (Index, Label, Predicted, Probability) = (index, label, predicted, probability);

    /// <summary>Number of the image in its dataset.</summary>
    public int Index { get; }

    /// <summary>Its class.</summary>
    public int Label { get; }

    /// <summary>The predicted class.</summary>
    public int Predicted { get; }

    /// <summary>Probability of the predicted class, from 0 to 1.</summary>
    public double Probability { get; }
}

/// <summary>Results of a network on images: loss, accuracy, confusion matrix, and the most confident mistakes.</summary>
public sealed class Evaluation
{
    internal Evaluation(Tally tally, ConfusionMatrix confusion, IReadOnlyList<Mistake> mistakes) =>
        (Tally, Confusion, Mistakes) = (tally, confusion, mistakes);

    /// <summary>Loss and hits.</summary>
    public Tally Tally { get; }

    /// <summary>The confusion matrix.</summary>
    public ConfusionMatrix Confusion { get; }

    /// <summary>The most confident mistakes, the worst first.</summary>
    public IReadOnlyList<Mistake> Mistakes { get; }

    /// <summary>Evaluates a network on images.</summary>
    /// <param name="executor">What computes; the outputs of its network are logits. It holds at least the views of one image.</param>
    /// <param name="source">The images; with several views a batch holds the views of each image one after the other.</param>
    /// <param name="classes">Names of the classes.</param>
    /// <param name="views">
    /// Views of each image whose probabilities are averaged: 1, or 10 for the ten crops of Krizhevsky et al. 2012, section 4.1. The loss is
    /// then that of the average.
    /// </param>
    /// <param name="mistakes">Number of mistakes to keep.</param>
    /// <param name="progress">Called with the number of images done, in all processes together.</param>
    /// <param name="processes">
    /// Processes that share the images; null for this one alone. All have to call this, with the same parameters and images; each computes some of the
    /// batches (and needs to read only these: <see cref="BatchShare.OfBatches"/>), and all get what one process alone would get, with the same bits.
    /// </param>
    /// <param name="cancellationToken">Stops between two batches; in one of several processes, it stops all of them after the same batches.</param>
    /// <exception cref="ArgumentException">The network does not have as many outputs as there are classes, or does not take these images.</exception>
    /// <exception cref="OutOfMemoryException">The source's batches need more memory than the system has.</exception>
    /// <exception cref="InvalidDataException">An image cannot be read or used; the message begins with its name.</exception>
    /// <exception cref="OperationCanceledException">The token, or that of another process, was canceled.</exception>
    public static Evaluation Run(
        IExecutor executor, IBatchSource source, IReadOnlyList<string> classes,
        int views = 1, int mistakes = 20, Action<int>? progress = null, IProcessGroup? processes = null, CancellationToken cancellationToken = default) =>
        Gather(executor, source, classes, mistakes, progress, each => processes is null
            ? Measure(executor, source, views, cancellationToken, each)
            : SharedEvaluation.Measure(executor, source, processes, cancellationToken, views, each));

    /// <summary>What the results of all images say together; they come in the order of the images.</summary>
    private static Evaluation Gather(
        IExecutor executor, IBatchSource source, IReadOnlyList<string> classes, int mistakes, Action<int>? progress, Func<Action<ImageResult>, Tally> measure)
    {
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(classes);
        Network network = executor.Network;
        if (network.OutputShape.Length != classes.Count)
            throw new ArgumentException(FormattableString.Invariant($"network '{network.Name}' has {network.OutputShape.Length} outputs for {classes.Count} classes"));
        if (network.InputShape != source.Shape)
            throw new ArgumentException($"network '{network.Name}' takes images of {network.InputShape}, but the images come as {source.Shape}");
        var confusion = new ConfusionMatrix(classes);
        var worst = new PriorityQueue<Mistake, double>();
        int done = 0;
        Tally tally = measure(result =>
        {
            confusion.Add(result.Label, result.Predicted);
            if (result.Predicted != result.Label)
            {
                worst.Enqueue(new Mistake(done, result.Label, result.Predicted, result.Probability), result.Probability);
                if (worst.Count > mistakes)
                    worst.Dequeue();
            }
            if (++done % source.BatchSize == 0 || done == source.Count)
                progress?.Invoke(done);
        });
        return new Evaluation(tally, confusion, [.. worst.UnorderedItems.Select(item => item.Element).OrderByDescending(m => m.Probability).ThenBy(m => m.Index)]);
    }

    /// <summary>Loss and hits of images with an executor as it is: what evaluation and the validation of a training have in common.</summary>
    /// <param name="executor">What computes; its outputs are logits.</param>
    /// <param name="source">The images.</param>
    /// <param name="views">Views of each image whose probabilities are averaged.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <param name="each">Called for each image, in order.</param>
    internal static Tally Measure(
        IExecutor executor, IBatchSource source, int views, CancellationToken cancellationToken, Action<ImageResult>? each = null)
    {
        int classes = (int)executor.Network.OutputShape.Length;
        var logProbabilities = new float[classes];
        Tally tally = default;
        foreach (BatchPart part in ForwardPass.Run(executor, source, views, cancellationToken: cancellationToken))
            for (int i = 0; i < part.Count; i++)
            {
                using AlignedBuffer.Lease lease = executor.Hold();
                Softmax.LogMeanOfViews(executor.Output.Slice(i * views * classes, views * classes), logProbabilities);
                ImageResult result = ImageResult.Of(logProbabilities, part.Labels[i]);
                tally = tally.Plus(result.Tally);
                each?.Invoke(result);
            }
        return tally;
    }
}
