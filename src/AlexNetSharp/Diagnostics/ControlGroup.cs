using System.Globalization;

namespace AlexNetSharp.Diagnostics;

/// <summary>What Linux lets the control groups of this process still allocate: how a container's memory is limited.</summary>
/// <remarks>
/// Every group from the process's own up to the root may have a limit on what it and the groups below it use. That counts files in the cache too,
/// which the system gives up before it refuses memory: they are free (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst). Where
/// groups of both versions are mounted, the memory is with one of them.
/// </remarks>
internal static class ControlGroup
{
    private static readonly Names s_version2 = new("0::/", "", "memory.max", "memory.current", ["inactive_file", "active_file"]);
    private static readonly Names s_version1 = new(
        ":memory:/", "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", ["total_inactive_file", "total_active_file"]);

    /// <summary>Bytes left in the tightest group; <see cref="long.MaxValue"/> without limits, null without control groups of memory.</summary>
    /// <param name="root">Where the groups are mounted: <c>/sys/fs/cgroup</c>.</param>
    /// <param name="membership">The file that says to which group the process belongs: <c>/proc/self/cgroup</c>.</param>
    public static long? BytesLeft(string root, string membership)
    {
        string[] groups = Lines(membership);
        return BytesLeft(root, groups, s_version2) ?? BytesLeft(root, groups, s_version1);
    }

    private static long? BytesLeft(string root, string[] groups, Names names)
    {
        long? left = null;
        string path = OwnGroup(groups, names.Membership);
        while (true)
        {
            if (LeftIn(root + names.Folder + path, names) is { } here)
                left = Math.Min(left ?? long.MaxValue, here);
            if (path.Length == 0)
                return left;
            path = path[..path.LastIndexOf('/')];
        }
    }

    /// <summary>The path of the line <c>0::/path</c> or <c>4:memory:/path</c>, without a slash at its end; "" for the root.</summary>
    /// <remarks>A container may see itself as the root, or the path that it has outside, where the files are not; then the root's count.</remarks>
    private static string OwnGroup(string[] groups, string membership)
    {
        string line = Array.Find(groups, line => line.Contains(membership, StringComparison.Ordinal)) ?? membership;
        return line[(line.IndexOf(membership, StringComparison.Ordinal) + membership.Length - 1)..].TrimEnd('/');
    }

    private static long? LeftIn(string folder, Names names)
    {
        if (Lines(Path.Combine(folder, names.Limit)) is not [string max, ..])
            return null;
        if (max == "max"
            || !TryParse(max, out long limit)
            || Lines(Path.Combine(folder, names.Usage)) is not [string current, ..]
            || !TryParse(current, out long used))
            return long.MaxValue;
        foreach (string line in Lines(Path.Combine(folder, "memory.stat")))
            if (line.Split(' ') is [string name, string cached] && names.Cached.Contains(name) && TryParse(cached, out long bytes))
                used -= bytes;
        return Math.Max(0, limit - Math.Max(0, used));
    }

    private static bool TryParse(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>What a version of control groups calls its files.</summary>
    /// <param name="Membership">What stands before the path in the line of a process.</param>
    /// <param name="Folder">Below the root.</param>
    /// <param name="Limit">The file with the limit.</param>
    /// <param name="Usage">The file with what is used.</param>
    /// <param name="Cached">The lines of memory.stat that count what can be given up.</param>
    private sealed record Names(string Membership, string Folder, string Limit, string Usage, string[] Cached);
}
