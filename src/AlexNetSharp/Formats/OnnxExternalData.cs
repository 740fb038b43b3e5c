namespace AlexNetSharp.Formats;

/// <summary>The files beside an ONNX model that hold its tensors; opened once each.</summary>
/// <remarks>
/// A model names them, and a model comes from anywhere: only files in its own folder or below are opened, never a path to elsewhere, and a
/// link counts as what it leads to. Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md.
/// </remarks>
internal sealed class OnnxExternalData(FileBytes model) : IDisposable
{
    private const int MostFiles = 1000;

    private readonly Dictionary<string, FileBytes> _files = [];

    /// <summary>The model.</summary>
    public FileBytes Model { get; } = model;

    /// <summary>The files that were opened.</summary>
    public IEnumerable<FileBytes> Files => _files.Values;

    /// <summary>The file at <paramref name="location"/>.</summary>
    /// <param name="location">Path relative to the model, as the model says.</param>
    /// <param name="what">The tensor, for messages.</param>
    /// <param name="at">Where the model says so.</param>
    /// <exception cref="InvalidDataException">It is no path inside the model's folder, or there is no file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public FileBytes Open(string location, string what, long at)
    {
        if (_files.TryGetValue(location, out FileBytes? known))
            return known;
        if (Model.IsInMemory)
            throw FormatError.At(Model.Path, at, $"{what} lies in another file, {FormatError.Quote(location)}, which a model in memory does not have; open the file itself");
        if (_files.Count == MostFiles)
            throw FormatError.At(Model.Path, at, FormattableString.Invariant($"the tensors lie in more than {MostFiles} files; save them in one"));
        string[] parts = location.Split('/');
        if (location.Length is 0 or > 1000 || location.AsSpan().ContainsAny("\\:\0") || parts.Any(part => part.Length == 0 || part == ".."))
            throw FormatError.At(Model.Path, at, $"{what} lies in {FormatError.Quote(location)}, which is no path inside the model's folder; only files beside the model are read");
        string folder = Path.GetDirectoryName(Path.GetFullPath(Model.Path))!, path = Path.GetFullPath(Path.Combine(folder, location));
        if (!File.Exists(path))
            throw FormatError.At(Model.Path, at, $"{what} lies in {FormatError.Quote(location)}, which is not there; keep the model and the files beside it together");
        // A cache may hold model and tensors as links into one other folder.
        string real = Real(path), modelFolder = Path.GetDirectoryName(Real(Path.GetFullPath(Model.Path)))!;
        if (!IsInside(real, Real(folder)) && !IsInside(real, modelFolder))
            throw FormatError.At(Model.Path, at, $"{what} lies in {FormatError.Quote(location)}, a link that leads out of the model's folder; only files beside the model are read");
        return _files[location] = new FileBytes(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FileBytes file in _files.Values)
            file.Dispose();
    }

    private static bool IsInside(string path, string folder) =>
        path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>A path with no link in it, from the root on.</summary>
    private static string Real(string path)
    {
        string real = Path.GetPathRoot(path)!;
        foreach (string part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            real = info.LinkTarget is null ? next : Path.GetFullPath(info.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        }
        return real;
    }
}
