using System.Net;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Studio;

/// <summary>What a studio shows, and where.</summary>
internal sealed record StudioOptions
{
    /// <summary>The model; null if there is none.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Name of its network, where the file does not tell.</summary>
    public string? Network { get; init; }

    /// <summary>Folders of images that may be shown, with all below them.</summary>
    public IReadOnlyList<string> ImageFolders { get; init; } = [];

    /// <summary>Folders of trainings.</summary>
    public IReadOnlyList<string> RunFolders { get; init; } = [];

    /// <summary>Folders in which further trainings may come.</summary>
    public IReadOnlyList<string> RunRoots { get; init; } = [];

    /// <summary>Where the page may save what it was taught, as runs; null: nowhere.</summary>
    public string? SaveFolder { get; init; }

    /// <summary>What can be done with runs; null: they are watched only.</summary>
    public Runs.IRunWork? RunWork { get; init; }

    /// <summary>The benchmark behind the page; null: none.</summary>
    public Benchmarking.IPageBenchmark? Benchmark { get; init; }

    /// <summary>How long what a page began stays when the page does not listen any more.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where to listen.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0: any that is free.</summary>
    public int Port { get; init; }

    /// <summary>Threads that compute; 0: one per CPU.</summary>
    public int Threads { get; init; }

    /// <summary>Takes lines for the user.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>What the page and the terminal say about an exception: one line, in which files have their names from the folders on that are open.</summary>
    public string Describe(Exception e)
    {
        string line = ErrorLine.Of(e);
        foreach (string? open in (string?[])[ModelPath, SaveFolder, .. ImageFolders, .. RunFolders, .. RunRoots])
            if (open is not null && Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(open))) is { Length: > 1 } above)
                line = line.Replace(Path.EndsInDirectorySeparator(above) ? above : above + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        return line;
    }

    /// <summary>Sorts the paths of a command line: model files, runs, folders of runs, folders of images.</summary>
    /// <exception cref="IOException">There is nothing at a path.</exception>
    /// <exception cref="InvalidDataException">There are two models.</exception>
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
                throw new InvalidDataException($"two models, {model} and {path}: give one");
            model = path;
        }
    }
}
