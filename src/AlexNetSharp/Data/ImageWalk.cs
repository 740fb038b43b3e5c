using System.Globalization;
using System.IO.Enumeration;

namespace AlexNetSharp.Data;

/// <summary>Finds the image files below folders, remembers where it has been, and notes what it passes over.</summary>
/// <remarks>
/// Links are followed, but a folder that is reached twice is listed once: links to a folder above, or to one that belongs to the set anyway,
/// are passed over, so that no walk goes in circles and no image gets a second class. Hidden entries are passed over without a note.
/// </remarks>
internal sealed class ImageWalk
{
    private const int MostNotes = 20, MostLinks = 40;

    /// <summary>Folders that systems make beside images: packed resource forks, thumbnails of a NAS, waste baskets.</summary>
    private static readonly string[] s_nobodys = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

    private static readonly EnumerationOptions s_visible = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, IgnoreInaccessible = false };

    private readonly string _root;
    private readonly HashSet<string> _folders = [];
    private readonly Dictionary<string, string> _linked = [];
    private readonly List<string> _notes = [];
    private int _unlisted;

    /// <summary>A walk over what lies in a folder.</summary>
    /// <param name="root">The folder; links in it to the folder itself, above it or inside of it are passed over.</param>
    public ImageWalk(string root) => _root = Canonical(root);

    /// <summary>What was passed over and why, a line each.</summary>
    public IReadOnlyList<string> Notes => _unlisted == 0 ? _notes
        : [.. _notes, string.Create(CultureInfo.InvariantCulture, $"{_unlisted} more files and folders were skipped")];

    /// <summary>The folders in a folder that can be classes or parts of a set, sorted by code point.</summary>
    /// <exception cref="InvalidDataException">Two of them are one folder.</exception>
    public List<string> Folders(string path)
    {
        var folders = new List<string>();
        foreach ((string folder, bool _, bool isLink) in Entries(path).Where(entry => entry.IsFolder))
        {
            if (IsPassedOver(folder))
                continue;
            if (isLink && LeadsIntoTheSet(folder, out string target))
                Note($"{folder}: skipped, a link to {target}, which is in the dataset anyway");
            else
                folders.Add(folder);
        }
        folders.Sort(string.CompareOrdinal);
        return folders;
    }

    /// <summary>The image files in a folder and in the folders below, sorted by code point.</summary>
    /// <exception cref="InvalidDataException">The folder, or a file that a link leads to, was reached from another folder before.</exception>
    public List<string> Find(string path)
    {
        var files = new List<string>();
        var open = new Stack<(string Path, string Canonical)>();
        string canonical = Canonical(path);
        if (!_folders.Add(canonical))
            throw new InvalidDataException($"{path}: a link to {canonical}, which was read already; remove one of the two.");
        open.Push((path, canonical));
        while (open.TryPop(out (string Path, string Canonical) folder))
        {
            foreach ((string entry, bool isFolder, bool isLink) in Entries(folder.Path))
            {
                if (isFolder)
                {
                    if (IsPassedOver(entry))
                        continue;
                    string target = Path.Join(folder.Canonical, Path.GetFileName(entry));
                    if (isLink && LeadsIntoTheSet(entry, out target) || !_folders.Add(target))
                        Note($"{entry}: skipped, a link to {target}, which is in the dataset anyway");
                    else
                        open.Push((entry, target));
                }
                else if (ImageFiles.HasImageName(entry) && !(isLink && CountsAlready(entry, path, canonical)))
                {
                    files.Add(entry);
                }
            }
        }
        files.Sort(string.CompareOrdinal);
        return files;
    }

    /// <summary>Whether image files lie directly in a folder.</summary>
    public static bool HoldsImages(string path) => Entries(path).Any(entry => !entry.IsFolder && ImageFiles.HasImageName(entry.Path));

    /// <summary>Notes that something is not part of the data.</summary>
    public void Note(string line)
    {
        if (_notes.Count < MostNotes)
            _notes.Add(line);
        else
            _unlisted++;
    }

    /// <summary>Whether a folder is nobody's, or the folder of a training, whose drawings are no data.</summary>
    private bool IsPassedOver(string folder)
    {
        bool run = File.Exists(Path.Combine(folder, "config.json")) && Directory.Exists(Path.Combine(folder, "checkpoints"));
        if (run)
            Note($"{folder}: skipped, the folder of a training");
        else if (s_nobodys.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase))
            Note($"{folder}: skipped, a system folder");
        else
            return false;
        return true;
    }

    private bool LeadsIntoTheSet(string link, out string target)
    {
        target = Canonical(link);
        return IsInside(target, _root) || IsInside(_root, target);
    }

    /// <summary>Whether a link leads to a file that counts without it.</summary>
    /// <exception cref="InvalidDataException">It does so in another folder, so that the image would have two classes.</exception>
    private bool CountsAlready(string link, string folder, string canonicalFolder)
    {
        string target = Canonical(link);
        bool inside = IsInside(target, _root);
        if (!inside && _linked.TryAdd(target, folder))
            return false;
        if (inside ? !IsInside(target, canonicalFolder) : _linked[target] != folder)
            throw new InvalidDataException($"{link}: a link to {target}, which is in the dataset already; remove the link.");
        Note($"{link}: skipped, a link to {target}, which is counted already");
        return true;
    }

    private static bool IsInside(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder) || path[folder.Length] == Path.DirectorySeparatorChar);

    private static FileSystemEnumerable<(string Path, bool IsFolder, bool IsLink)> Entries(string folder) =>
        new(folder, static (ref FileSystemEntry entry) =>
            (entry.ToSpecifiedFullPath(), entry.IsDirectory, (entry.Attributes & FileAttributes.ReparsePoint) != 0), s_visible);

    /// <summary>The full path with every link in it followed; a path that leads nowhere stays as far as it leads.</summary>
    private static string Canonical(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), at = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        for (int links = 0; rest.TryPop(out string? name);)
        {
            string next = Path.Join(at, name);
            string? target = links < MostLinks ? new FileInfo(next).LinkTarget : null;
            if (target is null)
            {
                at = next;
                continue;
            }
            links++;
            string aim = Path.GetFullPath(target, at);
            at = Path.GetPathRoot(aim)!;
            foreach (string part in aim[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(part);
        }
        return at;
    }
}
