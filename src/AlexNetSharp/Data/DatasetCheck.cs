namespace AlexNetSharp.Data;

/// <summary>The range of image sizes, in pixels.</summary>
public sealed class ImageSizeRange
{
    internal ImageSizeRange(int minHeight, int maxHeight, int minWidth, int maxWidth, int channels) =>
        (MinHeight, MaxHeight, MinWidth, MaxWidth, Channels) = (minHeight, maxHeight, minWidth, maxWidth, channels);

    /// <summary>Smallest height.</summary>
    internal int MinHeight { get; }

    /// <summary>Largest height.</summary>
    public int MaxHeight { get; }

    /// <summary>Smallest width.</summary>
    internal int MinWidth { get; }

    /// <summary>Largest width.</summary>
    public int MaxWidth { get; }

    /// <summary>Channels: 1 if all images are grayscale, else 3.</summary>
    public int Channels { get; }

    /// <summary>The side length if all images are squares of one size, else null.</summary>
    public int? Square => MinHeight == MaxHeight && MinWidth == MaxWidth && MinHeight == MinWidth ? MinHeight : null;

    /// <summary>The range that covers both.</summary>
    /// <param name="other">Sizes of other images.</param>
    public ImageSizeRange Union(ImageSizeRange other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            Math.Min(MinHeight, other.MinHeight), Math.Max(MaxHeight, other.MaxHeight),
            Math.Min(MinWidth, other.MinWidth), Math.Max(MaxWidth, other.MaxWidth), Math.Max(Channels, other.Channels));
    }

    /// <summary>The size of one image.</summary>
    internal static ImageSizeRange Of(PixelBuffer image) =>
        new(image.Height, image.Height, image.Width, image.Width, image.Channels);
}

/// <summary>Reads every image of a dataset once, so that a bad one does not stop a training hours later.</summary>
public sealed class DatasetCheck
{
    private DatasetCheck(IReadOnlyList<(int Index, string Reason)> bad, ImageSizeRange? sizes) => (Bad, Sizes) = (bad, sizes);

    /// <summary>
    /// The images that cannot be read, in order; empty if there are none. Each with its number in the dataset, and the reason in one line that begins with its
    /// name: its path, or its place in a packed file.
    /// </summary>
    public IReadOnlyList<(int Index, string Reason)> Bad { get; }

    /// <summary>The sizes of the others; null if there are none.</summary>
    public ImageSizeRange? Sizes { get; }

    /// <summary>Checks that all images can be read.</summary>
    /// <param name="images">The dataset. If it is a <see cref="CachedImages"/>, this fills it.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="progress">Called from time to time with the number of images read so far.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <returns>The images that cannot be read, and the sizes of the others.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was canceled.</exception>
    public static DatasetCheck Run(IImageDataset images, int threads, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        List<(int, string)> bad = [];
        ImageSizeRange? sizes = null;
        ImagePipeline.ReadAll(
            images, threads,
            () => (image, _, _) =>
            {
                lock (bad)
                    sizes = sizes?.Union(ImageSizeRange.Of(image)) ?? ImageSizeRange.Of(image);
            },
            (index, error) => bad.Add((index, ImageErrors.Describe(images.Name(index), error))),
            progress, cancellation);
        return new DatasetCheck(bad, sizes);
    }
}
