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
}
