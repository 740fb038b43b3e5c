using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Some pictures, ready for a network. Belongs to a <see cref="DataLoader"/>, which fills it again and again.</summary>
public sealed class Batch
{
    private readonly AlignedBuffer _input;
    private readonly int[] _labels, _indices;
    private readonly int _length;

    internal Batch(AlignedBuffer input, int size, int length)
    {
        (_input, _length) = (input, length);
        (_labels, _indices) = (new int[size], new int[size]);
    }

    /// <summary>The epoch this batch is from, from 0.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Its number in the epoch, from 0.</summary>
    public int Step { get; internal set; }

    /// <summary>Number of pictures: the batch size, or less in the last batch of an epoch.</summary>
    public int Count { get; internal set; }

    /// <summary>The networks' inputs [count, height, width, channels].</summary>
    public ReadOnlySpan<float> Input => _input.Span[..(Count * _length)];

    /// <summary>The class of each picture.</summary>
    public ReadOnlySpan<int> Labels => _labels.AsSpan(0, Count);

    /// <summary>The number of each picture in the data set.</summary>
    public ReadOnlySpan<int> Indices => _indices.AsSpan(0, Count);

    /// <summary>Room for the input of one picture.</summary>
    internal Span<float> Place(int position) => _input.Span.Slice(position * _length, _length);

    /// <summary>Notes which picture is at a position.</summary>
    internal void Set(int position, int index, int label) => (_indices[position], _labels[position]) = (index, label);

    /// <summary>Pictures that are not finished yet.</summary>
    internal int Missing { get; set; }

    /// <summary>What went wrong with a picture of this batch.</summary>
    internal Exception? Error { get; set; }

    /// <summary>Frees the memory.</summary>
    internal void Free() => _input.Dispose();
}
