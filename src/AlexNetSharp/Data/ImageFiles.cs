namespace AlexNetSharp.Data;

/// <summary>Finds image files in folders, in an order that does not depend on the machine.</summary>
public static class ImageFiles
{
    /// <summary>File name endings of the formats that can be decoded, in lower case with the dot.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif"];

    /// <summary>Whether a file's name ends like an image's, in capitals or not.</summary>
    /// <param name="path">The file name.</param>
    internal static bool HasImageName(string path)
    {
        ReadOnlySpan<char> extension = Path.GetExtension(path.AsSpan());
        foreach (string known in Extensions)
            if (extension.Equals(known, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <summary>Image files as a dataset without classes: all have label 0.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="decoder">Reads them.</param>
    public static IImageDataset Open(IReadOnlyList<string> paths, IImageDecoder decoder)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ImageFileList(paths, decoder);
    }

    /// <summary>Finds the image files at a path: the file itself, or all in a folder and its subfolders, sorted by name.</summary>
    /// <param name="path">An image file or a folder. A file is accepted whatever its name.</param>
    /// <returns>At least one path; names are compared by code point, so that every machine finds the same order.</returns>
    /// <exception cref="FileNotFoundException">There is nothing at <paramref name="path"/>.</exception>
    /// <remarks>
    /// Hidden files and folders, system folders (<c>__MACOSX</c>, <c>@eaDir</c>) and run folders of trainings are skipped. Links are
    /// followed, but a folder or file that is reached twice is listed once.
    /// </remarks>
    /// <exception cref="InvalidDataException">The folder holds no image file.</exception>
    public static IReadOnlyList<string> Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new FileNotFoundException($"{path}: no such file or folder.", path);
        List<string> files = new ImageWalk(path).Find(path);
        if (files.Count == 0)
            throw new InvalidDataException($"{path}: no images in this folder (files that end in {string.Join(", ", Extensions)}).");
        return files;
    }
}
