using System.Globalization;

namespace AlexNetSharp.Diagnostics;

/// <summary>Memory that is still available, so that a request that cannot be met is refused before it is allocated.</summary>
public static class SystemMemory
{
    /// <summary>
    /// Bytes that the process can still allocate: on Linux what is left in the machine and the container, elsewhere the limit minus what is in use.
    /// </summary>
    public static long AvailableBytes
    {
        get
        {
            long left = ControlGroup.BytesLeft("/sys/fs/cgroup", "/proc/self/cgroup") ?? long.MaxValue;
            // The runtime's limit does not shrink as memory is used, and is for its own heap: a part of a container's memory.
            return Math.Min(left, MachineHasLeft() ?? Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet));
        }
    }

    /// <summary>What Linux could give to a new process without swapping; null elsewhere.</summary>
    private static long? MachineHasLeft()
    {
        const string name = "MemAvailable:";
        try
        {
            foreach (string line in File.ReadLines("/proc/meminfo"))
                if (line.StartsWith(name, StringComparison.Ordinal)
                    && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes))
                    return kilobytes * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux.
        }
        return null;
    }

    /// <summary>Throws unless <paramref name="bytes"/> are available.</summary>
    /// <param name="bytes">Bytes needed.</param>
    /// <param name="what">What needs them, for the message.</param>
    /// <param name="advice">What to do otherwise.</param>
    /// <exception cref="InsufficientMemoryException">They are not.</exception>
    internal static void Demand(long bytes, string what, string advice = "use a smaller batch or image")
    {
        long available = AvailableBytes;
        if (bytes > available)
            throw new InsufficientMemoryException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} needs {bytes / 1e9:0.0} GB of memory, but {available / 1e9:0.0} GB are available; {advice}"));
    }
}
