using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Runs;

/// <summary>Reads run folders, during or after training.</summary>
/// <remarks>Files are replaced atomically, so a reader never sees a partial one. Only files that training writes are opened.</remarks>
/// <param name="first">Run folders.</param>
/// <param name="roots">Folders in which new runs may appear.</param>
internal sealed class RunReader(IReadOnlyList<string> first, IReadOnlyList<string> roots)
{
    private const int LargestFile = 64 << 20, MostRuns = 2000;

    // Replaced atomically; the number of a run never changes.
    private volatile string[] _folders = [.. first];

    /// <summary>Whether a folder is a run folder.</summary>
    public static bool IsRun(string folder) =>
        File.Exists(Path.Combine(folder, "metrics.csv")) || (File.Exists(Path.Combine(folder, "config.json")) && Directory.Exists(Path.Combine(folder, "checkpoints")));

    /// <summary>Number of runs.</summary>
    public int Count => _folders.Length;

    /// <summary>Returns all runs.</summary>
    public RunRow[] List()
    {
        FindNew();
        return [.. _folders.Select(Row)];
    }

    /// <summary>Returns the quickly read state of all runs, to detect changes.</summary>
    public RunState[] States()
    {
        FindNew();
        return [.. _folders.Select(folder => new RunState(ChangedAt(folder), IsRunning(folder)))];
    }

    private void FindNew()
    {
        foreach (string root in roots)
            FindNew(root);
    }

    private void FindNew(string root)
    {
        try
        {
            string[] found = [.. Directory.EnumerateDirectories(root).Where(folder => IsRun(folder) && !_folders.Contains(folder)).Order(StringComparer.Ordinal)];
            if (found.Length > 0 && _folders.Length + found.Length <= MostRuns)
                _folders = [.. _folders, .. found];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Deleted, or not accessible.
        }
    }

    private static RunRow Row(string folder, int id)
    {
        Dictionary<string, double?[]> epochs = Table(folder, "metrics.csv");
        double?[] validation = epochs.GetValueOrDefault("val_top1", []), training = epochs.GetValueOrDefault("train_top1", []);
        double? best = validation.Max() ?? training.Max();
        double? loss = epochs.GetValueOrDefault("val_loss", []).LastOrDefault() ?? epochs.GetValueOrDefault("train_loss", []).LastOrDefault();
        return new RunRow(id, Path.GetFileName(folder), epochs.GetValueOrDefault("epoch", []).Length, best, loss, IsRunning(folder), ChangedAt(folder));
    }

    /// <summary>Reads the metrics and settings of a run.</summary>
    /// <param name="id">Number of the run.</param>
    /// <param name="trainings">The training runs of this studio; null if not needed.</param>
    /// <exception cref="UserException">There is no run with this number.</exception>
    public RunTable Read(int id, RunTrainings? trainings)
    {
        string folder = FolderOf(id);
        Dictionary<string, double?[]> epochs = Table(folder, "metrics.csv"), steps = Table(folder, "metrics-steps.csv");
        Dictionary<string, string> settings = Settings(folder);
        int? wanted = settings.TryGetValue("epochs", out string? text) && int.TryParse(text, CultureInfo.InvariantCulture, out int count) ? count : null;
        double?[] seconds = epochs.GetValueOrDefault("seconds", []);
        bool running = IsRunning(folder);
        double? left = running && wanted > seconds.Length && seconds.Length > 0 ? seconds.TakeLast(5).Average() * (wanted - seconds.Length) : null;
        return new RunTable(id, Path.GetFileName(folder), epochs, steps, settings, wanted, left, running, ChangedAt(folder))
        {
            CanStop = trainings?.CanStop(id, running) ?? false,
            CanContinue = trainings?.CanContinue(id, running, seconds.Length, wanted) ?? false,
            CanEvaluate = File.Exists(Training.RunFolder.BestCheckpointOf(folder)),
            Problem = trainings?.ProblemOf(id),
        };
    }

    /// <summary>Path of a run's folder.</summary>
    /// <exception cref="UserException">There is no run with this number.</exception>
    public string FolderOf(int id) =>
        _folders is var folders && id >= 0 && id < folders.Length ? folders[id] : throw new UserException(StatusCodes.Status404NotFound, "There is no such run.");

    private static long ChangedAt(string folder) => ((string[])["metrics.csv", "metrics-steps.csv", "config.json"])
        .Select(name => new FileInfo(Path.Combine(folder, name)))
        .Where(file => file.Exists)
        .Select(file => new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeMilliseconds())
        .DefaultIfEmpty(0).Max();

    /// <summary>Whether a training process is using the folder: it holds a lock file open.</summary>
    public static bool IsRunning(string folder)
    {
        string path = Path.Combine(folder, ".lock");
        if (!File.Exists(path))
            return false;
        try
        {
            // Opening for shared reading fails while the training process has the file open exclusively.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static Dictionary<string, double?[]> Table(string folder, string name)
    {
        if (ReadFile(Path.Combine(folder, name)) is not { } text)
            return [];
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
            return [];
        string[] header = lines[0].Trim().Split(',');
        var columns = new Dictionary<string, double?[]>(StringComparer.Ordinal);
        string[][] cells = [.. lines.Skip(1).Select(line => line.Trim().Split(',')).Where(row => row.Length == header.Length)];
        for (int c = 0; c < header.Length; c++)
            columns[header[c]] = [.. cells.Select(row =>
                double.TryParse(row[c], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : (double?)null)];
        return columns;
    }

    private static Dictionary<string, string> Settings(string folder)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (ReadFile(Path.Combine(folder, "config.json")) is not { } text)
            return settings;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                foreach (JsonProperty property in document.RootElement.EnumerateObject())
                    settings[property.Name] = property.Value.ValueKind is JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
        }
        catch (JsonException)
        {
            // Not a file written by training: the run is shown without settings.
        }
        return settings;
    }

    private static string? ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length is > 0 and < LargestFile ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>State of a run that changes during training.</summary>
/// <param name="Changed">Time of the last change to its files, in milliseconds.</param>
/// <param name="IsRunning">Whether a training process is using the folder.</param>
internal readonly record struct RunState(long Changed, bool IsRunning);
