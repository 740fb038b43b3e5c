using System.Globalization;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>How the CPUs of a host are shared by the processes that run on it, pinned or not.</summary>
internal static class CpuShare
{
    private const string Key = "Cpus_allowed_list:";

    /// <summary>The CPUs that this process may use, as Linux writes such lists: <c>0-3,8</c>; empty where the system does not say.</summary>
    public static string Allowed()
    {
        try
        {
            return File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Threads for a process: each CPU counts for as much as there are processes that may use it, at most what the process may use in all.</summary>
    /// <param name="allowed">The lists of all processes of the host.</param>
    /// <param name="own">Which of them this process is.</param>
    public static int Threads(IReadOnlyList<string> allowed, int own)
    {
        HashSet<int>[] sets = [.. allowed.Select(Parse)];
        if (sets[own].Count == 0)
            return Math.Max(1, Environment.ProcessorCount / allowed.Count);
        double share = sets[own].Sum(cpu => 1.0 / sets.Count(set => set.Contains(cpu)));
        // A container may have fewer CPUs than its mask shows.
        double limit = (double)Environment.ProcessorCount / sets.Count(set => set.SetEquals(sets[own]));
        return Math.Max(1, (int)Math.Floor(Math.Min(share, limit) + 1e-6));
    }

    /// <summary>The numbers of a list such as <c>0-3,8</c>; what is no such list has none.</summary>
    internal static HashSet<int> Parse(string list)
    {
        var numbers = new HashSet<int>();
        foreach (string range in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = range.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || ends.Length > 2 || last < first || last > 1 << 20)
                return [];
            numbers.UnionWith(Enumerable.Range(first, last - first + 1));
        }
        return numbers;
    }
}
