using System.Globalization;

namespace AlexNetSharp.Data;

/// <summary>Images of one size, side by side in memory: what MNIST's and CIFAR-10's files hold.</summary>
internal sealed class PackedImages : IImageDataset
{
    private readonly byte[] _pixels;
    private readonly byte[] _labels;
    private readonly string _source;

    /// <summary>Takes over the arrays.</summary>
    /// <param name="pixels">Values [count, height, width, channels].</param>
    /// <param name="labels">Class of each image.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="classes">Names of the classes.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together, or a label is not the index of a class.</exception>
    public PackedImages(byte[] pixels, byte[] labels, int height, int width, int channels, IReadOnlyList<string> classes, string source)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classes);
        if (pixels.LongLength != (long)labels.Length * height * width * channels)
            throw new ArgumentException($"{pixels.Length} values are not {labels.Length} images of {height}×{width}×{channels}.", nameof(pixels));
        foreach (byte label in labels)
            if (label >= classes.Count)
                throw new ArgumentException($"Label {label}, but there are {classes.Count} classes.", nameof(labels));
        (_pixels, _labels, _source) = (pixels, labels, source);
        (Height, Width, Channels, Classes) = (height, width, channels, classes);
    }

    /// <summary>Rows of each image.</summary>
    public int Height { get; }

    /// <summary>Columns of each image.</summary>
    public int Width { get; }

    /// <summary>Channels of each image.</summary>
    public int Channels { get; }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public bool InMemory => true;

    /// <summary>The same images, with other names for the classes.</summary>
    internal PackedImages WithClasses(IReadOnlyList<string> classes) => new(_pixels, _labels, Height, Width, Channels, classes, _source);

    /// <inheritdoc/>
    public int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"{_source}, image {index}");

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        target.Reset(Height, Width, Channels);
        int length = Height * Width * Channels;
        _pixels.AsSpan(index * length, length).CopyTo(target.Pixels);
    }
}
