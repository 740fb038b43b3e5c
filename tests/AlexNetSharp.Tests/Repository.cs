namespace AlexNetSharp.Tests;

/// <summary>The source files of the repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution file.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>All C# files under the given folders, as paths from <see cref="Root"/> with forward slashes; nothing that a build made.</summary>
    public static IEnumerable<string> SourceFiles(params IEnumerable<string> folders) => folders
        .Select(folder => Path.Combine(Root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "AlexNetSharp.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"AlexNetSharp.slnx is in no folder above {AppContext.BaseDirectory}.");
    }
}
