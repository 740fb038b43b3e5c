namespace AlexNetSharp.Data;

/// <summary>A folder with one folder a class, images inside of those; sorted, so that every machine finds the same order.</summary>
internal sealed class ClassFolders : IImageDataset
{
    private readonly string[] _paths;
    private readonly int[] _labels;
    private readonly IImageDecoder _decoder;

    /// <summary>Lists the images. None is opened yet.</summary>
    /// <param name="path">
    /// The folder. Each folder in it is a class of that name, except hidden ones, those that systems make (<c>__MACOSX</c>) and run folders of trainings.
    /// </param>
    /// <param name="decoder">Reads the images.</param>
    /// <param name="classes">
    /// The classes if they are known already: a folder may be missing or empty, but none with images may have another name. Null: the folders
    /// are the classes, and none may be empty.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">There is no folder at <paramref name="path"/>.</exception>
    /// <exception cref="InvalidDataException">There are no class folders or no images, a class is not in <paramref name="classes"/>, or an image belongs to two classes.</exception>
    public ClassFolders(string path, IImageDecoder decoder, IReadOnlyList<string>? classes = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(decoder);
        _decoder = decoder;
        var walk = new ImageWalk(path);
        List<string> folders = Folders(path, walk);
        if (folders.Count == 0)
            throw new InvalidDataException($"{path}: no class folders in it; expected one folder with images for each class.");
        Classes = classes ?? NamesOf(folders);
        List<string> paths = [];
        List<int> labels = [];
        foreach (string folder in folders)
        {
            List<string> files = walk.Find(folder);
            if (files.Count == 0 && classes is null)
                throw new InvalidDataException($"{folder}: no images in this folder (files that end in {string.Join(", ", ImageFiles.Extensions)}); every class needs some; remove the folder or fill it.");
            if (files.Count == 0)
                walk.Note($"{folder}: skipped, no images in it");
            else
                labels.AddRange(Enumerable.Repeat(LabelOf(folder), files.Count));
            paths.AddRange(files);
        }
        if (paths.Count == 0)
            throw new InvalidDataException($"{path}: no images in this folder (files that end in {string.Join(", ", ImageFiles.Extensions)}).");
        _paths = [.. paths];
        _labels = [.. labels];
        Notes = walk.Notes;
    }

    /// <summary>Files and folders that were passed over though they are not hidden, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

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
    internal static IReadOnlyList<string> Names(string path) => NamesOf(Folders(path, new ImageWalk(path)));

    /// <summary>The folders in a folder that can be classes, sorted.</summary>
    internal static List<string> Folders(string path, ImageWalk walk) => Directory.Exists(path)
        ? walk.Folders(path)
        : throw new DirectoryNotFoundException($"{path}: no such folder.");

    private static string[] NamesOf(List<string> folders)
    {
        string[] names = [.. folders.Select(folder => Path.GetFileName(folder))];
        for (int i = 1; i < names.Length; i++)
            if (Array.FindIndex(names, 0, i, name => UnicodeForms.AreAlike(name, names[i])) is var other and >= 0)
                throw new InvalidDataException($"{folders[other]} and {folders[i]}: two classes whose names differ only in Unicode normalization; rename or merge them.");
        return names;
    }

    private int LabelOf(string folder)
    {
        string name = Path.GetFileName(folder);
        int label = IndexOf(candidate => candidate == name);
        if (label < 0 && (label = IndexOf(candidate => UnicodeForms.AreAlike(candidate, name))) < 0)
            throw new InvalidDataException($"{folder}: there is no class '{name}'; the classes are {Quote(Classes)}.");
        return label;
    }

    private int IndexOf(Predicate<string> matches)
    {
        for (int i = 0; i < Classes.Count; i++)
            if (matches(Classes[i]))
                return i;
        return -1;
    }

    private static string Quote(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(10).Select(name => $"'{name}'")) + (names.Count > 10 ? ", …" : "");
}
