using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using AlexNetSharp.Simd;
#if ALEXNET_COMMAND
using AlexNetSharp.Cli.Hosting;
#endif

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The machine that a benchmark ran on.</summary>
/// <param name="Processor">Name that the processor reports.</param>
/// <param name="Simd">SIMD instruction set in use.</param>
/// <param name="Os">The operating system.</param>
/// <param name="Dotnet">Version of the runtime.</param>
/// <param name="Cores">Number of CPUs that this process may use.</param>
/// <param name="Family">Vendor, family, model and stepping; empty if the processor does not report them.</param>
/// <param name="Caches">Sizes of its data caches, see <see cref="CacheSizes"/>.</param>
/// <param name="Megahertz">Clock frequency when the program started; null if unknown.</param>
internal sealed record Machine(
    string Processor, string Simd, string Os, string Dotnet, int Cores, string Family, MachineCaches Caches, double? Megahertz)
{
    /// <summary>The current machine.</summary>
    public static Machine Current { get; } = new(
        ProcessorInfo.Name, ProcessorInfo.VectorName, RuntimeInformation.OSDescription, Environment.Version.ToString(), Environment.ProcessorCount,
        ProcessorInfo.Family, MachineCaches.Of(CacheSizes.Current),
        OperatingSystem.IsLinux() && double.TryParse(ReadField("/proc/cpuinfo", "cpu MHz"), NumberStyles.Float, CultureInfo.InvariantCulture, out double clock) ? clock : null);

    /// <summary>Peak memory of this process, in bytes.</summary>
    public static long PeakMemoryBytes
    {
        get
        {
            // PeakWorkingSet64 is 0 in some containers on Linux; the kernel's own "high water mark" is not.
            if (OperatingSystem.IsLinux() && ReadField("/proc/self/status", "VmHWM") is { } mark
                && long.TryParse(mark.Replace("kB", "", StringComparison.Ordinal), NumberStyles.Integer, CultureInfo.InvariantCulture, out long kilobytes))
                return kilobytes * 1024;
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary><c>AMD EPYC 9654, AVX-512, 2 threads on 2 processors, .NET 10.0.0</c>.</summary>
    public string Describe(int threads) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor}, {Simd}, {threads} {(threads == 1 ? "thread" : "threads")} on {Cores} {(Cores == 1 ? "processor" : "processors")}, .NET {Dotnet}");

    /// <summary>
    /// Folder name for results of this kind of machine: processor, family and SIMD, because one name (AMD EPYC) covers several kinds.
    /// </summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string FolderName => string.Join('-', $"{Processor} {Family[(Family.IndexOf(' ', StringComparison.Ordinal) + 1)..]} {Simd}".ToLowerInvariant()
        .Split([' ', '(', ')', '@', '/', '\\', ':'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary><c>caches 32 KB, 512 KB, 32 MB for 2 processors (the system)</c>.</summary>
    public static string DescribeCaches() => $"caches {CacheSizes.Current}";

    private static string? ReadField(string path, string field)
    {
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
            return line?[field.Length..].TrimStart('\t', ' ', ':').Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>Data caches, as stored in a report.</summary>
/// <param name="FirstBytes">Size of the first level, per core.</param>
/// <param name="SecondBytes">Size of the second level, per core.</param>
/// <param name="LastBytes">Size of the last level.</param>
/// <param name="Sharing">Number of CPUs that share the last level.</param>
/// <param name="Source">Where the sizes come from.</param>
internal sealed record MachineCaches(long FirstBytes, long SecondBytes, long LastBytes, int Sharing, string Source)
{
    /// <summary>Converts detected cache sizes.</summary>
    public static MachineCaches Of(CacheSizes caches) => new(caches.First, caches.Second, caches.Last, caches.Sharing, caches.Source);
}
