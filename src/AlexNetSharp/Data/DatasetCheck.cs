namespace AlexNetSharp.Data;

/// <summary>A picture that cannot be read.</summary>
/// <param name="Index">Its number in the data set.</param>
/// <param name="Name">Its path, or its place in a file of many.</param>
/// <param name="Reason">Why, in one line that begins with the name.</param>
public sealed record BadPicture(int Index, string Name, string Reason);

/// <summary>Reads every picture of a data set once, so that none can stop a training hours later.</summary>
public static class DatasetCheck
{
    /// <summary>Checks that all pictures can be read.</summary>
    /// <param name="pictures">The data set. If it is a <see cref="CachedPictures"/>, this fills it.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="progress">Receives the number of pictures read so far, now and then, from any thread.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <returns>The pictures that cannot be read, by number; empty if all is well.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static IReadOnlyList<BadPicture> Run(IPictureDataset pictures, int threads, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        List<BadPicture> bad = [];
        PictureLoop.Run(pictures, threads, (index, error) =>
        {
            if (error is null)
                return;
            lock (bad)
                bad.Add(new BadPicture(index, pictures.Name(index), PictureErrors.Describe(pictures.Name(index), error)));
        }, (_, _, _) => { }, progress, cancellation);
        bad.Sort((a, b) => a.Index.CompareTo(b.Index));
        return bad;
    }
}
