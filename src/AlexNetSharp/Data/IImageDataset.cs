namespace AlexNetSharp.Data;

/// <summary>A dataset of labeled images.</summary>
/// <remarks>All members are thread-safe; each thread calls <see cref="Read"/> with a buffer of its own.</remarks>
public interface IImageDataset
{
    /// <summary>Number of images.</summary>
    int Count { get; }

    /// <summary>Names of the classes; a label is an index into this list.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>Whether the pixels lie in memory, decoded, so that a cache in front of them (<see cref="CachedImages"/>) would be a second copy.</summary>
    bool InMemory => false;

    /// <summary>The class of an image.</summary>
    /// <param name="index">Number of the image, from 0 to <see cref="Count"/> − 1.</param>
    /// <returns>Index into <see cref="Classes"/>.</returns>
    int Label(int index);

    /// <summary>Name of an image in error messages: its path, or its place in a packed file.</summary>
    /// <param name="index">Number of the image.</param>
    string Name(int index);

    /// <summary>Reads an image's pixels.</summary>
    /// <param name="index">Number of the image.</param>
    /// <param name="target">Receives the pixels.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or damaged.</exception>
    void Read(int index, PixelBuffer target);
}
