using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>A batch of images, ready for a network. It belongs to an <see cref="IBatchSource"/>, which reuses it.</summary>
/// <remarks>To fill one: <see cref="Begin"/>, then for each image <see cref="Set"/>.</remarks>
public sealed class Batch : IDisposable
{
    private readonly AlignedBuffer _input;
    private readonly int[] _labels, _indices;
    private readonly Exception?[] _errors;
    private readonly int _length;

    /// <summary>Allocates an empty batch.</summary>
    /// <param name="size">The most images it can hold.</param>
    /// <param name="length">Values per image.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below 1, or <paramref name="length"/> negative.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public Batch(int size, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _length = length;
        (_labels, _indices, _errors) = (new int[size], new int[size], new Exception?[size]);
        _input = new AlignedBuffer((long)size * length);
    }

    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; private set; }

    /// <summary>Number of the batch in the epoch, from 0.</summary>
    public int Step { get; private set; }

    /// <summary>Number of images: the batch size, or fewer in the last batch of an epoch.</summary>
    public int Count { get; private set; }

    /// <summary>Where only a share of a batch is read (<see cref="DataLoaderOptions.Share"/>): the position of its first image in the whole batch.</summary>
    internal int First { get; set; }

    /// <summary>The network's inputs [count, height, width, channels]; with ten crops [count, 10, height, width, channels].</summary>
    public ReadOnlySpan<float> Input => _input.Span[..(Count * _length)];

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<int> Labels => _labels.AsSpan(0, Count);

    /// <summary>The number of each image in the dataset.</summary>
    public ReadOnlySpan<int> Indices => _indices.AsSpan(0, Count);

    /// <summary>Images that are not finished yet.</summary>
    internal int Missing { get; private set; }

    /// <summary>What is wrong with each image; null for those that are ready.</summary>
    internal ReadOnlySpan<Exception?> Errors => _errors.AsSpan(0, Count);

    /// <summary>Memory of a batch in bytes.</summary>
    /// <param name="size">The most images it can hold.</param>
    /// <param name="length">Values per image.</param>
    internal static long BytesOf(int size, long length) =>
        checked(size * (length * sizeof(float) + 2 * sizeof(int) + IntPtr.Size) + AlignedBuffer.Alignment);

    /// <summary>Begins to fill the batch anew.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="step">Number of the batch in it, from 0.</param>
    /// <param name="count">Images that it will hold.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is more than the batch can hold.</exception>
    public void Begin(int epoch, int step, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)_labels.Length, nameof(count));
        (Epoch, Step, Count, Missing, First) = (epoch, step, count, count, 0);
        _errors.AsSpan().Clear();
    }

    /// <summary>Sets which image is at a position.</summary>
    /// <param name="position">The position, below <see cref="Count"/>.</param>
    /// <param name="index">Number of the image in its dataset.</param>
    /// <param name="label">Its class.</param>
    /// <returns>Memory for the input of the image, or for its ten crops, to be filled.</returns>
    public Span<float> Set(int position, int index, int label)
    {
        (_indices[position], _labels[position]) = (index, label);
        return Place(position);
    }

    /// <summary>Memory for the input of one image, or for its ten crops.</summary>
    /// <param name="position">The position, below <see cref="Count"/>.</param>
    internal Span<float> Place(int position) => _input.Span.Slice(position * _length, _length);

    /// <summary>Notes that an image is finished, or why it cannot be used.</summary>
    internal void Finish(int position, Exception? error)
    {
        _errors[position] = error;
        Missing--;
    }

    /// <summary>Keeps the inputs, also if the batch is disposed of, until what this returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    internal AlignedBuffer.Lease Hold() => _input.Hold();

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _input.Dispose();
}
