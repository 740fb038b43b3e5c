using System.Globalization;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Divides the CPUs of a host among the processes of a job that run on it, pinned or not.</summary>
internal static class CpuShare
{
    private const string Key = "Cpus_allowed_list:";

    /// <summary>The CPUs that this process may use, as a Linux CPU list such as <c>0-3,8</c>; empty if unknown.</summary>
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

    /// <summary>Returns the number of threads for a process: each CPU is divided among the processes that may use it, up to the limit of the process.</summary>
    /// <param name="allowed">CPU lists of all processes on the host.</param>
    /// <param name="own">Index of this process.</param>
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

    /// <summary>Parses a list such as <c>0-3,8</c>; anything else gives an empty set.</summary>
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
