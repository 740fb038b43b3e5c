using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>The images of a batch that an executor holds: all of them, or a part if the executor's batch size is smaller.</summary>
public readonly struct BatchPart
{
    internal BatchPart(Batch batch, int first, int count) =>
        (Batch, First, Count) = (batch, first, count);

    /// <summary>The batch.</summary>
    internal Batch Batch { get; }

    /// <summary>Position of the first image in the batch.</summary>
    internal int First { get; }

    /// <summary>Images.</summary>
    public int Count { get; }

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<int> Labels => Batch.Labels.Slice(First, Count);

    /// <summary>The number of each image in its dataset.</summary>
    public ReadOnlySpan<int> Indices => Batch.Indices.Slice(First, Count);
}

/// <summary>Runs images through an executor, batch after batch, while the source prepares the next ones.</summary>
/// <remarks>
/// Use it for whatever needs the outputs of many images, such as the features of a dataset:
/// <code>
/// foreach (BatchPart part in ForwardPass.Run(executor, loader))
///     for (int i = 0; i &lt; part.Count; i++)
///         Keep(part.Indices[i], executor.Output.Slice(i * length, length));
/// </code>
/// </remarks>
public static class ForwardPass
{
    /// <summary>Computes the outputs of the images of an epoch, without dropout.</summary>
    /// <param name="executor">The executor; its output is that of the current part until the next one is requested.</param>
    /// <param name="source">The images.</param>
    /// <param name="views">Inputs of each image that lie one after the other: 1, or 10 for ten crops.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="cancellationToken">Stops between two passes.</param>
    /// <returns>The parts in the order of the images. Image i of a part has the outputs from i · views on in <see cref="IExecutor.Output"/>.</returns>
    /// <exception cref="ArgumentException">The executor takes inputs of another shape, or cannot hold the views of one image.</exception>
    /// <exception cref="InvalidDataException">An image cannot be read or used; the message begins with its name.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="OutOfMemoryException">The source's batches need more memory than the system has.</exception>
    public static IEnumerable<BatchPart> Run(IExecutor executor, IBatchSource source, int views = 1, int epoch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(views, 1);
        CheckShape(executor.Network, source);
        if (views > executor.BatchSize)
            throw new ArgumentException(FormattableString.Invariant($"an executor of batch size {executor.BatchSize} cannot hold the {views} views of an image"), nameof(executor));
        return Parts();

        IEnumerable<BatchPart> Parts()
        {
            int most = executor.BatchSize / views, length = checked((int)source.Shape.Length * views);
            foreach (Batch batch in source.Read(epoch, 0, cancellationToken))
                for (int first = 0; first < batch.Count; first += most)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int count = Math.Min(batch.Count - first, most);
                    using (AlignedBuffer.Lease images = batch.Hold(), memory = executor.Hold())
                        batch.Input.Slice(first * length, count * length).CopyTo(executor.Input);
                    executor.Forward();
                    yield return new BatchPart(batch, first, count);
                }
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Refuses images of another shape than the network takes.</summary>
    /// <exception cref="ArgumentException">They are.</exception>
    internal static void CheckShape(Network network, IBatchSource source)
    {
        if (source.Shape != network.InputShape)
            throw new ArgumentException(
                $"network '{network.Name}' takes images of {network.InputShape}, but the images come as {source.Shape}; resize them, or make the network for their size");
    }
}
