namespace AlexNetSharp.Data;

/// <summary>A picture that cannot be read.</summary>
/// <param name="Index">Its number in the data set.</param>
/// <param name="Name">Its path, or its place in a file of many.</param>
/// <param name="Reason">Why, in one line that begins with the name.</param>
public sealed record BadPicture(int Index, string Name, string Reason);

/// <summary>The sizes that pictures have, in pixels.</summary>
/// <param name="MinHeight">Rows of the lowest picture.</param>
/// <param name="MaxHeight">Rows of the highest picture.</param>
/// <param name="MinWidth">Columns of the narrowest picture.</param>
/// <param name="MaxWidth">Columns of the widest picture.</param>
/// <param name="Channels">The most channels that a picture has: 1 if all are grey, else 3.</param>
public sealed record PictureSizeRange(int MinHeight, int MaxHeight, int MinWidth, int MaxWidth, int Channels)
{
    /// <summary>Height and width of all pictures if they are squares of one size, else null.</summary>
    public int? Square => MinHeight == MaxHeight && MinWidth == MaxWidth && MinHeight == MinWidth ? MinHeight : null;

    /// <summary>The sizes of both.</summary>
    /// <param name="other">Sizes of other pictures.</param>
    public PictureSizeRange Union(PictureSizeRange other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            Math.Min(MinHeight, other.MinHeight), Math.Max(MaxHeight, other.MaxHeight),
            Math.Min(MinWidth, other.MinWidth), Math.Max(MaxWidth, other.MaxWidth), Math.Max(Channels, other.Channels));
    }

    /// <summary>The size of one picture.</summary>
    internal static PictureSizeRange Of(PixelBuffer picture) =>
        new(picture.Height, picture.Height, picture.Width, picture.Width, picture.Channels);
}

/// <summary>What a check found.</summary>
/// <param name="Bad">The pictures that cannot be read, by number; empty if all is well.</param>
/// <param name="Sizes">The sizes of the others; null if there are none.</param>
public sealed record DatasetCheckResult(IReadOnlyList<BadPicture> Bad, PictureSizeRange? Sizes);

/// <summary>Reads every picture of a data set once, so that none can stop a training hours later.</summary>
public static class DatasetCheck
{
    /// <summary>Checks that all pictures can be read.</summary>
    /// <param name="pictures">The data set. If it is a <see cref="CachedPictures"/>, this fills it.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="progress">Receives the number of pictures read so far, now and then, from any thread.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <returns>The pictures that cannot be read, and the sizes of the others.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static DatasetCheckResult Run(IPictureDataset pictures, int threads, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        List<BadPicture> bad = [];
        PictureSizeRange? sizes = null;
        PictureLoop.Run(pictures, threads, (index, error) =>
        {
            if (error is null)
                return;
            lock (bad)
                bad.Add(new BadPicture(index, pictures.Name(index), PictureErrors.Describe(pictures.Name(index), error)));
        }, (_, _, picture) =>
        {
            lock (bad)
                sizes = sizes?.Union(PictureSizeRange.Of(picture)) ?? PictureSizeRange.Of(picture);
        }, progress, cancellation);
        bad.Sort((a, b) => a.Index.CompareTo(b.Index));
        return new DatasetCheckResult(bad, sizes);
    }
}
