namespace AlexNetSharp.Cli.Hosting;

/// <summary>A file that a command writes at its end. Whether it can be written is found out at the beginning.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be written, before anything is computed for it. An existing file keeps its content.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The file, or null for none.</param>
    /// <exception cref="IOException">It cannot; the message names option, file and reason.</exception>
    public static void Check(string option, string? path)
    {
        if (path is null)
            return;
        if (Directory.Exists(path))
            throw new IOException($"{option}: '{path}' is a folder; give the name of a file");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            throw new IOException($"{option}: there is no folder '{folder}' to write '{Path.GetFileName(path)}' into");
        try
        {
            if (IsDevice(path))
                return;
            bool existed = File.Exists(path);
            // Writing goes to a temporary file beside it: both have to be possible.
            using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write))
            {
            }
            if (!existed)
                File.Delete(path);
            string temporary = Temporary(path);
            using (new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
            }
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }

    /// <summary>Writes a file whole or not at all: to a temporary file beside it, which then takes its name.</summary>
    /// <exception cref="IOException">It cannot be written; the message names option, file and reason.</exception>
    public static void Write(string option, string path, ReadOnlySpan<byte> content)
    {
        if (IsDevice(path))
        {
            WriteDevice(option, path, content);
            return;
        }
        string temporary = Temporary(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }

    private static void WriteDevice(string option, string path, ReadOnlySpan<byte> content)
    {
        try
        {
            // Opened by its name, standard output that goes to a file would be written from the file's beginning.
            using Stream device = Path.GetFullPath(path) == "/dev/stdout" ? Console.OpenStandardOutput() : new FileStream(path, FileMode.Open, FileAccess.Write);
            device.Write(content);
            device.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }

    /// <summary>Whether nothing can be put beside it, and it cannot be replaced: <c>/dev/stdout</c>.</summary>
    private static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() && Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal);

    private static string Temporary(string path) => FormattableString.Invariant($"{path}.{Environment.ProcessId}.tmp");
}
