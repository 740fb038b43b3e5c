using AlexNetSharp.Formats;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>A folder that a command writes into at its end. Whether it can is found out at the beginning.</summary>
internal static class OutputFolder
{
    /// <summary>Makes the folder if there is none, and checks that files can be written into it.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot; the message names option, folder and reason.</exception>
    public static void Create(string option, string path)
    {
        if (File.Exists(path))
            throw new IOException($"{option}: '{path}' is a file; give the name of a folder");
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

    /// <summary>Refuses a folder inside of one with images, before anything is written: its own images would become images of the dataset.</summary>
    /// <param name="option">Name of the option, for the message.</param>
    /// <param name="path">The folder; it need not exist.</param>
    /// <param name="images">The folder with the images, or null for none.</param>
    /// <exception cref="UsageException">It is the folder with the images, or lies inside.</exception>
    public static void RequireOutside(string option, string path, string? images)
    {
        if (images is not null && (RealPath(path) + Path.DirectorySeparatorChar).StartsWith(RealPath(images) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new UsageException($"{option}: '{path}' lies inside '{images}', where its images would be taken for those of a class; give a folder outside");
    }

    /// <summary>A path without links, as far as it exists, and without a separator at its end.</summary>
    private static string RealPath(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
            return full.TrimEnd(Path.DirectorySeparatorChar);
        string here = Path.Combine(RealPath(parent) + Path.DirectorySeparatorChar, Path.GetFileName(full));
        return Directory.Exists(here) && Directory.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? RealPath(target.FullName) : here;
    }
}
