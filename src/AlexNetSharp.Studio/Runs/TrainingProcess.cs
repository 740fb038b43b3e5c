using System.Globalization;

namespace AlexNetSharp.Studio.Runs;

/// <summary>A process that has a run folder, whoever started it: found by the system's own account of who has the folder's lock open, not by a number in a file.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Started">When it began, in ticks of the system's clock: no two processes have the same number and beginning.</param>
/// <param name="IsTraining">Whether it is <c>alexnet train</c>, which writes a checkpoint and ends when it is asked to.</param>
internal sealed record TrainingProcess(int Id, long Started, bool IsTraining)
{
    /// <summary>The process that has a run folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <returns>Null where none of this user can be found: it belongs to somebody else, runs on another machine, or the system does not tell (it does on Linux).</returns>
    public static TrainingProcess? Find(string folder)
    {
        const string processes = "/proc";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(processes))
            return null;
        string file = Path.Combine(Resolve(folder), ".lock");
        // Somebody who looks whether the lock is free has it open for a moment.
        return Directory.EnumerateDirectories(processes).Select(process => Read(process, file)).OfType<TrainingProcess>().MaxBy(found => found.IsTraining);
    }

    private static TrainingProcess? Read(string process, string file)
    {
        if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            return null;
        try
        {
            // Only processes of the same user show what they have open, to all but root.
            if (UserOf(process) != UserOf("/proc/self") || !Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(open => new FileInfo(open).LinkTarget == file))
                return null;
            string[] words = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
            int command = Array.FindIndex(words, word => Path.GetFileName(word) is "alexnet" or "alexnet.dll");
            // Behind the name, which may hold spaces: state, parent, …, and as the twentieth when it began.
            string stat = File.ReadAllText(Path.Combine(process, "stat"));
            long started = long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
            return new TrainingProcess(id, started, command >= 0 && words.Skip(command + 1).FirstOrDefault(word => !word.StartsWith('-')) == "train");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is none of this user's.
            return null;
        }
    }

    private static string? UserOf(string process) =>
        File.ReadLines(Path.Combine(process, "status")).FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));

    /// <summary>A folder's path without links, as the system names what is open in it.</summary>
    private static string Resolve(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
            return full;
        string here = Path.Combine(Resolve(parent), Path.GetFileName(full));
        return new DirectoryInfo(here).LinkTarget is { } target ? Resolve(Path.Combine(Path.GetDirectoryName(here)!, target)) : here;
    }
}
