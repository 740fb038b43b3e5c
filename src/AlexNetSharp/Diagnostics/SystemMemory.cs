using System.Globalization;

namespace AlexNetSharp.Diagnostics;

/// <summary>How much memory the system has left, so that a demand it cannot meet is refused before it is allocated.</summary>
public static class SystemMemory
{
    /// <summary>Bytes that a process can still get: the container's or machine's limit, and on Linux what is available now.</summary>
    public static long AvailableBytes
    {
        get
        {
            long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            const string name = "MemAvailable:";
            try
            {
                foreach (string line in File.ReadLines("/proc/meminfo"))
                    if (line.StartsWith(name, StringComparison.Ordinal)
                        && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes))
                        return Math.Min(limit, kilobytes * 1024);
            }
            catch (IOException)
            {
                // Not Linux: the limit alone has to do.
            }
            catch (UnauthorizedAccessException)
            {
            }
            return limit;
        }
    }

    /// <summary>Throws unless <paramref name="bytes"/> are available.</summary>
    /// <param name="bytes">Bytes needed.</param>
    /// <param name="what">What needs them, for the message.</param>
    /// <exception cref="InsufficientMemoryException">They are not.</exception>
    internal static void Demand(long bytes, string what)
    {
        long available = AvailableBytes;
        if (bytes > available)
            throw new InsufficientMemoryException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} needs {bytes / 1e9:0.0} GB of memory, but {available / 1e9:0.0} GB are available; use a smaller batch or image"));
    }
}
