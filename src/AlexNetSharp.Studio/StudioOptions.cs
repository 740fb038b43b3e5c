using System.Net;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Studio;

/// <summary>Options of a studio: what it shows, and where it listens.</summary>
internal sealed record StudioOptions
{
    /// <summary>Path of the model; null if there is none.</summary>
    public string? ModelPath { get; init; }

    /// <summary>For files that do not state their network, its name or a file that describes it.</summary>
    public string? Network { get; init; }

    /// <summary>Folders of images that may be shown, including subfolders.</summary>
    public IReadOnlyList<string> ImageFolders { get; init; } = [];

    /// <summary>Run folders.</summary>
    public IReadOnlyList<string> RunFolders { get; init; } = [];

    /// <summary>Folders in which new runs may appear.</summary>
    public IReadOnlyList<string> RunRoots { get; init; } = [];

    /// <summary>Folder in which the page may save taught models as runs; null for none.</summary>
    public string? SaveFolder { get; init; }

    /// <summary>Operations on runs; null if they can only be watched.</summary>
    public Runs.IRunWork? RunWork { get; init; }

    /// <summary>The benchmark behind the page; null for none.</summary>
    public Benchmarking.IPageBenchmark? Benchmark { get; init; }

    /// <summary>How long the work of a page is kept after the page disconnects.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>IP address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 for any free port.</summary>
    public int Port { get; init; }

    /// <summary>Number of compute threads; 0 for one per CPU.</summary>
    public int Threads { get; init; }

    /// <summary>Receives lines for the user.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>One-line description of an exception for the page and the terminal, with paths relative to the open folders.</summary>
    public string Describe(Exception e)
    {
        string line = ErrorLine.Of(e);
        foreach (string? open in (string?[])[ModelPath, SaveFolder, .. ImageFolders, .. RunFolders, .. RunRoots])
            if (open is not null && Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(open))) is { Length: > 1 } above)
                line = line.Replace(Path.EndsInDirectorySeparator(above) ? above : above + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        return line;
    }

    /// <summary>Classifies the paths of a command line: model files, runs, folders of runs, image folders.</summary>
    /// <exception cref="IOException">A path does not exist.</exception>
    /// <exception cref="InvalidDataException">More than one model was given.</exception>
    public StudioOptions WithPaths(IEnumerable<string> paths)
    {
        string? model = ModelPath;
        var images = new List<string>(ImageFolders);
        var runs = new List<string>(RunFolders);
        var roots = new List<string>(RunRoots);
        foreach (string path in paths)
        {
            string full = Path.GetFullPath(path);
            if (File.Exists(full))
                SetModel(full);
            else if (!Directory.Exists(full))
                throw new FileNotFoundException($"{path}: no such file or folder");
            else if (Runs.RunReader.IsRun(full))
                runs.Add(full);
            else if (Directory.EnumerateDirectories(full).Where(Runs.RunReader.IsRun).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } below)
            {
                roots.Add(full);
                runs.AddRange(below);
            }
            else
                images.Add(full);
        }
        // A single run with its best weights is also the model.
        if (model is null && runs.Count == 1 && File.Exists(Training.RunFolder.BestCheckpointOf(runs[0])))
            model = runs[0];
        return this with { ModelPath = model, ImageFolders = images, RunFolders = runs, RunRoots = roots };

        void SetModel(string path)
        {
            if (model is not null)
                throw new InvalidDataException($"two models given, {model} and {path}: specify only one");
            model = path;
        }
    }
}
