using AlexNetSharp.Formats;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>A file that a command writes at the end. Whether it can be written is checked at the start.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be written, before anything is computed for it. An existing file keeps its content.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The file, or null for none.</param>
    /// <exception cref="IOException">The file cannot be written; the message names option, file and reason.</exception>
    public static void Check(string option, string? path)
    {
        if (path is null)
            return;
        if (Directory.Exists(path))
            throw new IOException($"{option}: '{path}' is a folder; specify a file");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            throw new IOException($"{option}: there is no folder '{folder}' to write '{Path.GetFileName(path)}' into");
        if (AtomicFile.IsDevice(path))
        {
            if (!File.Exists(path))
                throw new IOException($"{option}: there is no device '{path}'");
            return;
        }
        if (AtomicFile.IsDanglingLink(path))
            throw new IOException($"{option}: '{path}' is a link to '{new FileInfo(path).LinkTarget}', which does not exist; remove the link, or choose another name");
        try
        {
            // A temporary file next to it is written first, which must be possible; and an existing file must not be write-protected.
            if (File.Exists(path))
                using (new FileStream(path, FileMode.Open, FileAccess.Write))
                {
                }
            using (new AtomicFile(path))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }

    /// <summary>Checks that two files to write are not the same one.</summary>
    /// <param name="option">Name of the first option, for the message.</param>
    /// <param name="path">Its file, or null for none.</param>
    /// <param name="otherOption">Name of the other option.</param>
    /// <param name="other">Its file, or null for none.</param>
    /// <exception cref="UsageException">They are the same file.</exception>
    public static void CheckDifferent(string option, string? path, string otherOption, string? other)
    {
        if (path is not null && other is not null && Path.GetFullPath(path) == Path.GetFullPath(other))
            throw new UsageException($"{option} and {otherOption} name the same file '{path}'; use a different one for each");
    }

    /// <summary>Writes a file atomically.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names option, file and reason.</exception>
    public static void Write(string option, string path, ReadOnlySpan<byte> content)
    {
        try
        {
            using var file = new AtomicFile(path);
            file.Stream.Write(content);
            file.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }
}
