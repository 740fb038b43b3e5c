using System.Diagnostics;
using System.Globalization;

namespace AlexNetSharp.Tests;

/// <summary>What a reader did with damaged inputs: how many, how many it refused, the slowest one and the largest allocation.</summary>
/// <remarks>ALEXNETSHARP_FUZZ sets the number of inputs for each reader, ALEXNETSHARP_FUZZ_REPORT a file to which a row is added (tools/fuzz.sh).</remarks>
internal sealed class FuzzReport(string reader, int usual)
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long _start, _allocatedBefore, _slowest, _largest;

    /// <summary>Inputs to try.</summary>
    public int Inputs { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("ALEXNETSHARP_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : usual;

    /// <summary>Inputs that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Bytes of managed memory that this input made the reader allocate so far.</summary>
    public long Allocated => GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore;

    /// <summary>Before an input.</summary>
    public void Begin()
    {
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>After an input.</summary>
    public void End(bool refused)
    {
        _slowest = Math.Max(_slowest, Stopwatch.GetTimestamp() - _start);
        _largest = Math.Max(_largest, Allocated);
        Refused += refused ? 1 : 0;
    }

    /// <summary>Checks that mutations were neither too mild nor too wild and that no input took long; adds the row to the report.</summary>
    public void Finish(int fewestRefused, int mostRefused)
    {
        if (Environment.GetEnvironmentVariable("ALEXNETSHARP_FUZZ_REPORT") is { Length: > 0 } path)
        {
            using var process = Process.GetCurrentProcess();
            File.AppendAllText(path, string.Create(
                CultureInfo.InvariantCulture,
                $"{reader}: {Inputs} inputs, {Refused} refused, {Stopwatch.GetElapsedTime(_begin).TotalSeconds:0} s, slowest {1e3 * _slowest / Stopwatch.Frequency:0.0} ms, largest allocation {_largest / 1e6:0.00} MB, peak of the process {process.PeakWorkingSet64 / 1e6:0} MB\n"));
        }
        Assert.InRange(Refused, fewestRefused, mostRefused);
        Assert.True(_slowest < 10 * Stopwatch.Frequency, FormattableString.Invariant($"one input took {_slowest / (double)Stopwatch.Frequency:F1} s"));
    }
}
