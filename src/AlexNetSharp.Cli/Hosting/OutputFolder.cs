using AlexNetSharp.Formats;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>A folder that a command writes into at the end. Whether it can be written is checked at the start.</summary>
internal static class OutputFolder
{
    /// <summary>Creates the folder if necessary, and checks that files can be written into it.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The folder cannot be written; the message names option, folder and reason.</exception>
    public static void Create(string option, string path)
    {
        if (File.Exists(path))
            throw new IOException($"{option}: '{path}' is a file; specify a folder");
        try
        {
            Directory.CreateDirectory(path);
            using (new AtomicFile(Path.Combine(path, "check")))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option}: '{path}' cannot be written ({e.Message})", e);
        }
    }

    /// <summary>Rejects an output folder inside an image folder, where images that are written would become part of the dataset.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The output folder; it need not exist.</param>
    /// <param name="images">The folder with the images, or null for none.</param>
    /// <exception cref="UsageException">The output folder is the folder with the images, or inside it.</exception>
    public static void RequireOutside(string option, string path, string? images)
    {
        if (images is not null && (RealPath(path) + Path.DirectorySeparatorChar).StartsWith(RealPath(images) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new UsageException($"{option}: '{path}' lies inside '{images}', where its images would be taken for those of a class; choose a folder outside");
    }

    /// <summary>Resolves the links of a path, as far as it exists, and removes a trailing separator.</summary>
    private static string RealPath(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
            return full.TrimEnd(Path.DirectorySeparatorChar);
        string here = Path.Combine(RealPath(parent) + Path.DirectorySeparatorChar, Path.GetFileName(full));
        return Directory.Exists(here) && Directory.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? RealPath(target.FullName) : here;
    }
}
