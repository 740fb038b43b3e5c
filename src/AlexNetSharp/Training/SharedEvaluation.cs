using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>What a network says about an image.</summary>
/// <param name="Tally">Loss and hits of this image alone; a count of 0 is no image.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">The class that it is taken for.</param>
/// <param name="Probability">How sure the network is of that.</param>
internal readonly record struct ImageResult(Tally Tally, int Label, int Predicted, double Probability)
{
    /// <summary>The result of an image.</summary>
    /// <param name="logProbabilities">The logarithms of its probabilities.</param>
    /// <param name="label">Its class.</param>
    public static ImageResult Of(ReadOnlySpan<float> logProbabilities, int label)
    {
        int predicted = TensorPrimitives.IndexOfMax(logProbabilities);
        return new ImageResult(Tally.Of(logProbabilities, [label], -logProbabilities[label]), label, predicted, Math.Exp(logProbabilities[predicted]));
    }
}

/// <summary>Loss and hits of images that several processes measure together: process r does each batch whose number leaves r.</summary>
/// <remarks>
/// The result of each image goes to all processes, and all add them in the order of the images: the same bits as one process alone with the
/// same executor and the same batches.
/// </remarks>
internal static class SharedEvaluation
{
    /// <summary>Measures.</summary>
    /// <param name="executor">What computes; its outputs are logits.</param>
    /// <param name="source">The images; a source that reads only this process's batches gives them their numbers all the same.</param>
    /// <param name="processes">The processes.</param>
    /// <param name="cancellationToken">Stops all processes after the batches that they are at.</param>
    /// <param name="views">Views of each image whose probabilities are averaged.</param>
    /// <param name="each">Called for each image, in order, in all processes.</param>
    /// <exception cref="OperationCanceledException">One of the processes was canceled.</exception>
    public static Tally Measure(
        IExecutor executor, IBatchSource source, IProcessGroup processes, CancellationToken cancellationToken, int views = 1, Action<ImageResult>? each = null)
    {
        int n = processes.Count, batches = (source.Count + source.BatchSize - 1) / source.BatchSize;
        // One entry more: whether to stop.
        var own = new ImageResult[source.BatchSize + 1];
        var all = new ImageResult[own.Length * n];
        Tally sum = default;
        using IEnumerator<Batch> mine = source.Read(0, 0, CancellationToken.None).Where(batch => batch.Step % n == processes.Rank).GetEnumerator();
        for (int first = 0; first < batches; first += n)
        {
            own.AsSpan().Clear();
            if (first + processes.Rank < batches)
            {
                if (!mine.MoveNext())
                    throw new InvalidOperationException("the images ended before their last batch");
                MeasureBatch(executor, mine.Current, views, own);
            }
            own[^1] = new ImageResult(default, cancellationToken.IsCancellationRequested ? 1 : 0, 0, 0);
            processes.AllGather<ImageResult>(own, all);
            bool stop = false;
            for (int i = 0; i < all.Length; i++)
                if (i % own.Length == own.Length - 1)
                    stop |= all[i].Label > 0;
                else if (all[i].Tally.Count > 0)
                {
                    sum = sum.Plus(all[i].Tally);
                    each?.Invoke(all[i]);
                }
            if (stop)
                throw new OperationCanceledException(cancellationToken);
        }
        return sum;
    }

    private static void MeasureBatch(IExecutor executor, Batch batch, int views, ImageResult[] results)
    {
        int classes = (int)executor.Network.OutputShape.Length, length = (int)executor.Network.InputShape.Length * views, most = executor.BatchSize / views;
        var logProbabilities = new float[classes];
        using AlignedBuffer.Lease images = batch.Hold(), memory = executor.Hold();
        for (int first = 0; first < batch.Count; first += most)
        {
            int count = Math.Min(batch.Count - first, most);
            batch.Input.Slice(first * length, count * length).CopyTo(executor.Input);
            executor.Forward();
            for (int i = 0; i < count; i++)
            {
                Softmax.LogMeanOfViews(executor.Output.Slice(i * views * classes, views * classes), logProbabilities);
                results[first + i] = ImageResult.Of(logProbabilities, batch.Labels[first + i]);
            }
        }
    }
}
