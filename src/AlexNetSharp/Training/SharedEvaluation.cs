using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

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
    /// <exception cref="OperationCanceledException">One of the processes was canceled.</exception>
    public static Tally Measure(IExecutor executor, IBatchSource source, IProcessGroup processes, CancellationToken cancellationToken)
    {
        int n = processes.Count, batches = (source.Count + source.BatchSize - 1) / source.BatchSize;
        // One entry more: whether to stop.
        var own = new Tally[source.BatchSize + 1];
        var all = new Tally[own.Length * n];
        Tally sum = default;
        using IEnumerator<Batch> mine = source.Read(0, 0, CancellationToken.None).Where(batch => batch.Step % n == processes.Rank).GetEnumerator();
        for (int first = 0; first < batches; first += n)
        {
            own.AsSpan().Clear();
            if (first + processes.Rank < batches)
            {
                if (!mine.MoveNext())
                    throw new InvalidOperationException("the images ended before their last batch");
                MeasureBatch(executor, mine.Current, own);
            }
            own[^1] = new Tally(cancellationToken.IsCancellationRequested ? 1 : 0, 0, 0, 0);
            processes.AllGather<Tally>(own, all);
            bool stop = false;
            for (int i = 0; i < all.Length; i++)
                if (i % own.Length < own.Length - 1)
                    sum += all[i];
                else
                    stop |= all[i].Count > 0;
            if (stop)
                throw new OperationCanceledException(cancellationToken);
        }
        return sum;
    }

    private static void MeasureBatch(IExecutor executor, Batch batch, Tally[] results)
    {
        int classes = (int)executor.Network.OutputShape.Length, length = (int)executor.Network.InputShape.Length;
        var logProbabilities = new float[classes];
        using AlignedBuffer.Lease images = batch.Hold(), memory = executor.Hold();
        for (int first = 0; first < batch.Count; first += executor.BatchSize)
        {
            int count = Math.Min(batch.Count - first, executor.BatchSize);
            batch.Input.Slice(first * length, count * length).CopyTo(executor.Input);
            executor.Forward();
            for (int i = 0; i < count; i++)
            {
                int label = batch.Labels[first + i];
                Softmax.LogMeanOfViews(executor.Output.Slice(i * classes, classes), logProbabilities);
                results[first + i] = Tally.Of(logProbabilities, [label], -logProbabilities[label]);
            }
        }
    }
}
