namespace AlexNetSharp.Data;

/// <summary>Pictures with the classes they belong to.</summary>
/// <remarks>All members may be called from several threads at once; <see cref="Read"/> with a buffer of each thread's own.</remarks>
public interface IPictureDataset
{
    /// <summary>Number of pictures.</summary>
    int Count { get; }

    /// <summary>Names of the classes; a label is an index into this list.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>Whether the pixels lie in memory, decoded, so that a cache in front of them (<see cref="CachedPictures"/>) would be a second copy.</summary>
    bool InMemory => false;

    /// <summary>The class of a picture.</summary>
    /// <param name="index">Number of the picture, from 0 to <see cref="Count"/> − 1.</param>
    /// <returns>Index into <see cref="Classes"/>.</returns>
    int Label(int index);

    /// <summary>What to call a picture in messages: its path, or its place in a file of many.</summary>
    /// <param name="index">Number of the picture.</param>
    string Name(int index);

    /// <summary>Reads a picture's pixels.</summary>
    /// <param name="index">Number of the picture.</param>
    /// <param name="target">Receives the pixels.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The file is not a picture, or damaged.</exception>
    void Read(int index, PixelBuffer target);
}
