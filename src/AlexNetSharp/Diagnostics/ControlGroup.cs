using System.Globalization;

namespace AlexNetSharp.Diagnostics;

/// <summary>What Linux lets the control groups of this process still allocate: how a container's memory is limited.</summary>
/// <remarks>
/// Version 2 only. Every group from the process's own up to the root may have a limit, <c>memory.max</c>, on what it and the groups below it
/// use, <c>memory.current</c>. That counts files in the cache too, which the system gives up before it refuses memory: they are free
/// (Linux, Documentation/admin-guide/cgroup-v2.rst).
/// </remarks>
internal static class ControlGroup
{
    /// <summary>Bytes left in the tightest group; <see cref="long.MaxValue"/> without limits, null without control groups of version 2.</summary>
    /// <param name="root">Where the groups are mounted: <c>/sys/fs/cgroup</c>.</param>
    /// <param name="membership">The file that says to which group the process belongs: <c>/proc/self/cgroup</c>.</param>
    public static long? BytesLeft(string root, string membership)
    {
        long? left = null;
        string path = OwnGroup(membership);
        while (true)
        {
            if (LeftIn(root + path) is { } here)
                left = Math.Min(left ?? long.MaxValue, here);
            if (path.Length == 0)
                return left;
            path = path[..path.LastIndexOf('/')];
        }
    }

    /// <summary>The path of the line <c>0::/path</c>, without a slash at its end; "" for the root.</summary>
    /// <remarks>A container may see itself as the root, or the path that it has outside, where the files are not; then the root's count.</remarks>
    private static string OwnGroup(string membership)
    {
        const string version2 = "0::/";
        string line = Array.Find(Lines(membership), line => line.StartsWith(version2, StringComparison.Ordinal)) ?? version2;
        return line[(version2.Length - 1)..].TrimEnd('/');
    }

    private static long? LeftIn(string folder)
    {
        if (Lines(Path.Combine(folder, "memory.max")) is not [string max, ..])
            return null;
        if (max == "max"
            || !TryParse(max, out long limit)
            || Lines(Path.Combine(folder, "memory.current")) is not [string current, ..]
            || !TryParse(current, out long used))
            return long.MaxValue;
        foreach (string line in Lines(Path.Combine(folder, "memory.stat")))
            if (line.Split(' ') is ["active_file" or "inactive_file", string cached] && TryParse(cached, out long bytes))
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
}
