using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>Images that lie in memory as the network wants them, in another random order every epoch or always in theirs.</summary>
public sealed class MemoryBatches : IBatchSource
{
    private readonly ReadOnlyMemory<float> _images;
    private readonly ReadOnlyMemory<int> _labels;
    private readonly ulong? _seed;

    /// <summary>Takes images that the caller keeps; they must not change.</summary>
    /// <param name="shape">Shape of one image.</param>
    /// <param name="images">The images, [count, height, width, channels].</param>
    /// <param name="labels">The number of each image's class.</param>
    /// <param name="batchSize">Images of a batch.</param>
    /// <param name="seed">Key of the random order; null to keep the given order.</param>
    /// <exception cref="ArgumentException">There are no images, or images and labels do not fit.</exception>
    public MemoryBatches(Shape shape, ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, int batchSize, ulong? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (labels.Length == 0 || images.Length != shape.Length * labels.Length)
            throw new ArgumentException(FormattableString.Invariant(
                $"{labels.Length} labels need {shape.Length * labels.Length} values of images {shape}, but there are {images.Length}"));
        (Shape, _images, _labels, BatchSize, _seed) = (shape, images, labels, batchSize, seed);
    }

    /// <inheritdoc/>
    public Shape Shape { get; }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <inheritdoc/>
    public int BatchSize { get; }

    /// <inheritdoc/>
    public IEnumerable<LabeledBatch> Read(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        if (_seed is { } seed)
            new Philox(seed, stream: 0, (uint)epoch).Shuffle(order.AsSpan());
        int length = (int)Shape.Length;
        var batch = new MemoryBatch(BatchSize, length);
        for (int first = firstBatch * BatchSize; first < Count && !cancellationToken.IsCancellationRequested; first += BatchSize)
        {
            int count = batch.Resize(Math.Min(BatchSize, Count - first));
            for (int i = 0; i < count; i++)
                batch.Set(i, _images.Span.Slice(order[first + i] * length, length), _labels.Span[order[first + i]]);
            yield return batch;
        }
    }

    private sealed class MemoryBatch(int size, int length) : LabeledBatch
    {
        private readonly float[] _images = new float[size * length];
        private readonly int[] _labels = new int[size];
        private int _count;

        public override ReadOnlySpan<float> Images => _images.AsSpan(0, _count * length);

        public override ReadOnlySpan<int> Labels => _labels.AsSpan(0, _count);

        public int Resize(int count) => _count = count;

        public void Set(int index, ReadOnlySpan<float> image, int label)
        {
            image.CopyTo(_images.AsSpan(index * length));
            _labels[index] = label;
        }
    }
}
