using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Preprocessed images in memory, shuffled anew in each epoch or in their own order.</summary>
public sealed class MemoryBatches : IBatchSource
{
    private readonly ReadOnlyMemory<float> _images;
    private readonly ReadOnlyMemory<int> _labels;
    private readonly Shape _shape;
    private readonly int _batchSize;
    private readonly ulong? _seed;

    /// <summary>Creates batches of images that the caller keeps; they must not change.</summary>
    /// <param name="shape">Shape of one image.</param>
    /// <param name="images">The images, [count, height, width, channels].</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="seed">Seed of the shuffling; null to keep the given order.</param>
    /// <exception cref="ArgumentException">There are no images, or images and labels do not fit.</exception>
    public MemoryBatches(Shape shape, ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, int batchSize, ulong? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (labels.Length == 0 || images.Length != shape.Length * labels.Length)
            throw new ArgumentException(FormattableString.Invariant(
                $"{labels.Length} labels need {shape.Length * labels.Length} values of images {shape}, but there are {images.Length}"));
        (_shape, _images, _labels, _batchSize, _seed) = (shape, images, labels, batchSize, seed);
    }

    /// <inheritdoc/>
    Shape IBatchSource.Shape => _shape;

    /// <inheritdoc/>
    int IBatchSource.Count => _labels.Length;

    /// <inheritdoc/>
    int IBatchSource.BatchSize => _batchSize;

    /// <inheritdoc/>
    IEnumerable<Batch> IBatchSource.Read(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = new int[_labels.Length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        if (_seed is { } seed)
            new Philox(seed, stream: 0, (uint)epoch).Shuffle(order.AsSpan());
        int length = (int)_shape.Length;
        using var batch = new Batch(_batchSize, length);
        for (int step = firstBatch; step * (long)_batchSize < order.Length && !cancellationToken.IsCancellationRequested; step++)
        {
            batch.Begin(epoch, step, Math.Min(_batchSize, order.Length - step * _batchSize));
            for (int i = 0; i < batch.Count; i++)
            {
                int index = order[step * _batchSize + i];
                _images.Span.Slice(index * length, length).CopyTo(batch.Set(i, index, _labels.Span[index]));
            }
            yield return batch;
        }
    }
}
