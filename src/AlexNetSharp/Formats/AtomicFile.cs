using System.Collections.Concurrent;

// Compiled into the command as well, under a namespace of its own: the library does not make it public.
#if !ALEXNET_COMMAND
namespace AlexNetSharp.Formats;
#else
namespace AlexNetSharp.Cli.Hosting;
#endif

/// <summary>Writes a file that appears under its name only when it is complete: a temporary neighbor, flushed to disk, then renamed.</summary>
/// <remarks>A device, such as <c>/dev/stdout</c> or <c>/dev/null</c>, is written as it is: a file must not take its place.</remarks>
internal sealed class AtomicFile : IDisposable
{
    /// <summary>Temporary files that are being written: none is left when the process ends while another thread writes.</summary>
    private static readonly ConcurrentDictionary<string, byte> s_unfinished = new();

    private readonly string _path;
    private readonly string? _temporary;
    private bool _committed;

    static AtomicFile() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (string file in s_unfinished.Keys)
            File.Delete(file);
    };

    /// <summary>Begins to write <paramref name="path"/>. A file there keeps its permissions; a link there is replaced, and never followed.</summary>
    /// <exception cref="IOException">The folder cannot be written, or there is no such device.</exception>
    public AtomicFile(string path)
    {
        _path = Path.GetFullPath(path);
        if (IsDevice(_path))
        {
            // Opened by its name, standard output that goes to a file would be written from the file's beginning.
            Stream = _path == "/dev/stdout" ? Console.OpenStandardOutput() : new FileStream(_path, FileMode.Open, FileAccess.Write);
            return;
        }
        _temporary = Path.Combine(Path.GetDirectoryName(_path)!, $".{Path.GetFileName(_path)}.{Guid.NewGuid():N}.tmp");
        var stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        s_unfinished.TryAdd(_temporary, 0);
        // Before there is anything in it: a file that only its owner may read is replaced by one that only its owner may read.
        if (!OperatingSystem.IsWindows() && File.Exists(_path) && !IsDanglingLink(_path))
            File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(_path));
        Stream = stream;
    }

    /// <summary>Where to write.</summary>
    public Stream Stream { get; }

    /// <summary>Whether nothing can be put beside it, and it cannot be replaced: <c>/dev/stdout</c>. Shared memory, <c>/dev/shm</c>, holds files.</summary>
    public static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() && Path.GetFullPath(path) is var full
        && full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);

    /// <summary>Whether there is a link that leads to nothing, which <see cref="File.Exists"/> takes for a file.</summary>
    public static bool IsDanglingLink(string path) =>
        new FileInfo(path).LinkTarget is not null && File.ResolveLinkTarget(path, returnFinalTarget: true) is not { Exists: true };

    /// <summary>Whether a file of this name is one that was begun here and never committed: .NAME.GUID.tmp.</summary>
    public static bool IsTemporary(string name) =>
        name.Split('.') is ["", _, .., var guid, "tmp"] && Guid.TryParseExact(guid, "N", out _);

    /// <summary>Puts the file in its place; a reader sees the old file or the whole new one, even after a power cut.</summary>
    /// <exception cref="IOException">The disk is full or failing, or the name cannot be taken; the old file stays.</exception>
    public void Commit()
    {
        if (_temporary is null)
        {
            Stream.Flush();
        }
        else
        {
            var stream = (FileStream)Stream;
            stream.Flush();
            DiskSync.Flush(stream.SafeFileHandle, _path);
            stream.Dispose();
            File.Move(_temporary, _path, overwrite: true);
            s_unfinished.TryRemove(_temporary, out _);
            DiskSync.FlushFolder(Path.GetDirectoryName(_path)!);
        }
        _committed = true;
    }

    /// <summary>Removes what was written, unless <see cref="Commit"/> succeeded.</summary>
    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (Exception e) when (!_committed && e is IOException or ArgumentOutOfRangeException)
        {
            // The disk is full (or, an ArgumentOutOfRangeException, the file too large), and what is left in the buffer cannot be written
            // either: the caller has that error already.
        }
        if (!_committed && _temporary is not null)
        {
            File.Delete(_temporary);
            s_unfinished.TryRemove(_temporary, out _);
        }
    }
}
