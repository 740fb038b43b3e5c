namespace AlexNetSharp.Data;

/// <summary>A folder with one folder a class, images inside of those; sorted, so that every machine finds the same order.</summary>
public sealed class ClassFolders : IImageDataset
{
    private readonly string[] _paths;
    private readonly int[] _labels;
    private readonly IImageDecoder _decoder;

    /// <summary>Lists the images. None is opened yet.</summary>
    /// <param name="path">The folder. Each folder in it (except hidden ones) is a class of that name.</param>
    /// <param name="decoder">Reads the images.</param>
    /// <param name="classes">The classes if they are known already: a folder may be missing, but none may have another name. Null: the folders are the classes.</param>
    /// <exception cref="DirectoryNotFoundException">There is no folder at <paramref name="path"/>.</exception>
    /// <exception cref="InvalidDataException">There are no class folders, one holds no images, or one is not in <paramref name="classes"/>.</exception>
    public ClassFolders(string path, IImageDecoder decoder, IReadOnlyList<string>? classes = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(decoder);
        _decoder = decoder;
        List<string> folders = Folders(path);
        if (folders.Count == 0)
            throw new InvalidDataException($"{path}: no class folders in it; expected one folder with images for each class.");
        Classes = classes ?? Names(path);
        List<string> paths = [];
        List<int> labels = [];
        foreach (string folder in folders)
        {
            string name = Path.GetFileName(folder);
            int label = IndexOf(Classes, name);
            if (label < 0)
                throw new InvalidDataException($"{folder}: there is no class '{name}'; the classes are {Quote(Classes)}.");
            IReadOnlyList<string> files = ImageFiles.Find(folder);
            paths.AddRange(files);
            labels.AddRange(Enumerable.Repeat(label, files.Count));
        }
        _paths = [.. paths];
        _labels = [.. labels];
    }

    /// <inheritdoc/>
    public int Count => _paths.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public string Name(int index) => _paths[index];

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target) => _decoder.DecodeFile(_paths[index], target);

    /// <summary>The classes that a folder has.</summary>
    internal static IReadOnlyList<string> Names(string path) => [.. Folders(path).Select(folder => Path.GetFileName(folder))];

    /// <summary>The folders in a folder, without hidden ones, sorted.</summary>
    private static List<string> Folders(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"{path}: no such folder.");
        List<string> folders = [.. Directory.EnumerateDirectories(path).Where(folder => Path.GetFileName(folder)[0] != '.')];
        folders.Sort(string.CompareOrdinal);
        return folders;
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
            if (names[i] == name)
                return i;
        return -1;
    }

    private static string Quote(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(10).Select(name => $"'{name}'")) + (names.Count > 10 ? ", …" : "");
}
