using System.Globalization;

namespace AlexNetSharp.Studio.Runs;

/// <summary>A process that is using a run folder, whoever started it. It is found by asking the system which process has the
/// folder's lock file open, not by a process ID in a file.</summary>
/// <param name="Id">Process ID.</param>
/// <param name="Started">Start time, in ticks of the system clock; no two processes share both ID and start time.</param>
/// <param name="IsTraining">Whether it is <c>alexnet train</c>, which writes a checkpoint and exits when asked to.</param>
internal sealed record TrainingProcess(int Id, long Started, bool IsTraining)
{
    /// <summary>Finds the process that is using a run folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <returns>The process; null if it belongs to another user, runs on another machine, or the system is not Linux.</returns>
    public static TrainingProcess? Find(string folder)
    {
        const string processes = "/proc";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(processes))
            return null;
        string file = Path.Combine(Resolve(folder), ".lock");
        // A process that checks whether the lock is free has it open for a moment.
        return Directory.EnumerateDirectories(processes).Select(process => Read(process, file)).OfType<TrainingProcess>().MaxBy(found => found.IsTraining);
    }

    private static TrainingProcess? Read(string process, string file)
    {
        if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            return null;
        try
        {
            // Except to root, only processes of the same user show their open files.
            if (UserOf(process) != UserOf("/proc/self") || !Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(open => new FileInfo(open).LinkTarget == file))
                return null;
            string[] words = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
            int command = Array.FindIndex(words, word => Path.GetFileName(word) is "alexnet" or "alexnet.dll");
            // After the name, which may contain spaces: state, parent, …; the twentieth field is the start time.
            string stat = File.ReadAllText(Path.Combine(process, "stat"));
            long started = long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
            return new TrainingProcess(id, started, command >= 0 && words.Skip(command + 1).FirstOrDefault(word => !word.StartsWith('-')) == "train");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has exited, or belongs to another user.
            return null;
        }
    }

    private static string? UserOf(string process) =>
        File.ReadLines(Path.Combine(process, "status")).FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));

    /// <summary>A folder's path with links resolved, as the system reports open files.</summary>
    private static string Resolve(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
            return full;
        string here = Path.Combine(Resolve(parent), Path.GetFileName(full));
        return new DirectoryInfo(here).LinkTarget is { } target ? Resolve(Path.Combine(Path.GetDirectoryName(here)!, target)) : here;
    }
}
