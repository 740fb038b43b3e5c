using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Runs;

/// <summary>Reads what a training writes into its folder, while it runs or after.</summary>
/// <remarks>Files are replaced as a whole, so that a reader never sees half of one. Only what a training writes is opened.</remarks>
internal sealed class RunReader(IReadOnlyList<string> folders)
{
    private const int LargestFile = 64 << 20;

    /// <summary>Whether a folder is that of a training.</summary>
    public static bool IsRun(string folder) =>
        File.Exists(Path.Combine(folder, "metrics.csv")) || (File.Exists(Path.Combine(folder, "config.json")) && Directory.Exists(Path.Combine(folder, "checkpoints")));

    /// <summary>Number of runs.</summary>
    public int Count => folders.Count;

    /// <summary>All runs.</summary>
    public RunRow[] List() => [.. folders.Select((folder, id) =>
    {
        Dictionary<string, double?[]> epochs = Table(folder, "metrics.csv");
        double?[] validation = epochs.GetValueOrDefault("val_top1", []), training = epochs.GetValueOrDefault("train_top1", []);
        double? best = validation.Max() ?? training.Max();
        double? loss = epochs.GetValueOrDefault("val_loss", []).LastOrDefault() ?? epochs.GetValueOrDefault("train_loss", []).LastOrDefault();
        return new RunRow(id, Path.GetFileName(folder), epochs.GetValueOrDefault("epoch", []).Length, best, loss, IsRunning(folder), ChangedAt(folder));
    })];

    /// <summary>The numbers of a run.</summary>
    /// <exception cref="UserException">There is none with this number.</exception>
    public RunTable Read(int id)
    {
        string folder = FolderOf(id);
        Dictionary<string, double?[]> epochs = Table(folder, "metrics.csv"), steps = Table(folder, "metrics-steps.csv");
        Dictionary<string, string> settings = Settings(folder);
        int? wanted = settings.TryGetValue("epochs", out string? text) && int.TryParse(text, CultureInfo.InvariantCulture, out int count) ? count : null;
        double?[] seconds = epochs.GetValueOrDefault("seconds", []);
        bool running = IsRunning(folder);
        double? left = running && wanted > seconds.Length && seconds.Length > 0 ? seconds.TakeLast(5).Average() * (wanted - seconds.Length) : null;
        return new RunTable(id, Path.GetFileName(folder), epochs, steps, settings, wanted, left, running, ChangedAt(folder));
    }

    /// <summary>When a run's files changed last, in milliseconds.</summary>
    public long ChangedAt(int id) => ChangedAt(FolderOf(id));

    private string FolderOf(int id) =>
        id >= 0 && id < folders.Count ? folders[id] : throw new UserException(StatusCodes.Status404NotFound, "There is no such run.");

    private static long ChangedAt(string folder) => ((string[])["metrics.csv", "metrics-steps.csv", "config.json"])
        .Select(name => new FileInfo(Path.Combine(folder, name)))
        .Where(file => file.Exists)
        .Select(file => new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeMilliseconds())
        .DefaultIfEmpty(0).Max();

    /// <summary>Whether a training has the folder: it holds a lock that the system knows of.</summary>
    private static bool IsRunning(string folder)
    {
        string path = Path.Combine(folder, ".lock");
        if (!File.Exists(path))
            return false;
        try
        {
            // Shared reading is refused while the training has the file open for itself.
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
            // Not what a training writes: shown without settings.
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
