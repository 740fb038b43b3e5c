using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>What a benchmark ran on.</summary>
/// <param name="Processor">Its name as it gives it.</param>
/// <param name="Simd">The vectors in use.</param>
/// <param name="Os">The operating system.</param>
/// <param name="Dotnet">Version of the runtime.</param>
/// <param name="Cores">Processors that this process may use.</param>
internal sealed record Machine(string Processor, string Simd, string Os, string Dotnet, int Cores)
{
    /// <summary>This one.</summary>
    public static Machine Current { get; } = new(
        ProcessorInfo.Name, ProcessorInfo.VectorName, RuntimeInformation.OSDescription, Environment.Version.ToString(), Environment.ProcessorCount);

    /// <summary>The largest memory that this process ever held, in bytes.</summary>
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
