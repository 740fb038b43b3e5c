using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Some images, ready for a network. Belongs to a <see cref="DataLoader"/>, which fills it again and again.</summary>
public sealed class Batch
{
    private readonly AlignedBuffer _input;
    private readonly int[] _labels, _indices;
    private readonly int _length;
    private int _errorPosition;

    internal Batch(AlignedBuffer input, int size, int length)
    {
        (_input, _length) = (input, length);
        (_labels, _indices) = (new int[size], new int[size]);
    }

    /// <summary>The epoch this batch is from, from 0.</summary>
    public int Epoch { get; private set; }

    /// <summary>Its number in the epoch, from 0.</summary>
    public int Step { get; private set; }

    /// <summary>Number of images: the batch size, or less in the last batch of an epoch.</summary>
    public int Count { get; private set; }

    /// <summary>The networks' inputs [count, height, width, channels]; with ten crops [count, 10, height, width, channels].</summary>
    public ReadOnlySpan<float> Input => _input.Span[..(Count * _length)];

    /// <summary>The class of each image.</summary>
    public ReadOnlySpan<int> Labels => _labels.AsSpan(0, Count);

    /// <summary>The number of each image in the data set.</summary>
    public ReadOnlySpan<int> Indices => _indices.AsSpan(0, Count);

    /// <summary>Room for the input of one image, or for its ten.</summary>
    internal Span<float> Place(int position) => _input.Span.Slice(position * _length, _length);

    /// <summary>Notes which image is at a position.</summary>
    internal void Set(int position, int index, int label) => (_indices[position], _labels[position]) = (index, label);

    /// <summary>Images that are not finished yet.</summary>
    internal int Missing { get; private set; }

    /// <summary>What went wrong with the first bad image of this batch.</summary>
    internal Exception? Error { get; private set; }

    /// <summary>Notes that an image is finished, or why it cannot be used.</summary>
    internal void Finish(int position, Exception? error)
    {
        Missing--;
        // Threads finish in any order; which error is reported must not depend on it.
        if (error is not null && position < _errorPosition)
            (Error, _errorPosition) = (error, position);
    }

    /// <summary>Begins a new filling.</summary>
    internal void Begin(int epoch, int step, int count)
    {
        (Epoch, Step, Count, Missing) = (epoch, step, count, count);
        (Error, _errorPosition) = (null, int.MaxValue);
    }

    /// <summary>Frees the memory.</summary>
    internal void Free() => _input.Dispose();
}
