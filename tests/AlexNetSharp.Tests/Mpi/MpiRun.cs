using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Tests.Cli;

namespace AlexNetSharp.Tests.Mpi;

/// <summary>The command under <c>mpirun</c>, as processes of this machine.</summary>
internal static class MpiRun
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    private static readonly Lazy<string?> s_version = new(FindVersion);

    /// <summary>Skips the test that calls it, with the reason, where there is no MPI.</summary>
    public static void Require() =>
        Assert.SkipUnless(s_version.Value is not null, "no mpirun of Open MPI on this machine (Debian and Ubuntu: apt-get install openmpi-bin): training over MPI was not tested");

    /// <summary>Starts <c>alexnet</c> in several processes.</summary>
    public static Process Start(int processes, params string[] arguments) => StartParts([(processes, null, arguments)]);

    /// <summary>Runs <c>alexnet</c> in several processes to its end.</summary>
    public static AlexNetProcess.Result Run(int processes, params string[] arguments)
    {
        using Process process = Start(processes, arguments);
        return Finish(process);
    }

    /// <summary>Runs processes that differ, in the order of their numbers.</summary>
    public static Process StartParts((int Processes, string? Folder, string[] Arguments)[] parts)
    {
        var start = new ProcessStartInfo("mpirun") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMPI_MCA_mpi_yield_when_idle"] = "1";
        foreach (string argument in (string[])["--oversubscribe", "--bind-to", "none"])
            start.ArgumentList.Add(argument);
        foreach ((int processes, string? folder, string[] arguments) in parts)
        {
            if (start.ArgumentList.Count > 3)
                start.ArgumentList.Add(":");
            foreach (string argument in (string[])
                ["-n", processes.ToString(CultureInfo.InvariantCulture), .. folder is null ? [] : new[] { "-wdir", folder }, AlexNetProcess.Dotnet, AlexNetProcess.Assembly, .. arguments])
                start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end.</summary>
    public static AlexNetProcess.Result Finish(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"mpirun did not end within {s_limit}: {error.Result}");
        }
        return new AlexNetProcess.Result(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>The process of a number among those that work on a run folder; waits until it is there.</summary>
    public static int ProcessOf(int rank, string run)
    {
        int found = 0;
        Assert.True(SpinWait.SpinUntil(() => (found = Find(rank, run)) != 0, TimeSpan.FromMinutes(1)), $"no process of rank {rank}");
        return found;
    }

    /// <summary>Waits until no process works on a run folder any more: mpirun may end before the processes that it tells to end.</summary>
    public static void WaitForEnd(string run, int processes) => Assert.True(
        SpinWait.SpinUntil(() => Enumerable.Range(0, processes).All(rank => Find(rank, run) == 0), TimeSpan.FromMinutes(1)), $"processes still work on {run}");

    /// <summary>Sends a signal to a process of a run.</summary>
    public static void Signal(int process, string signal)
    {
        using Process kill = Process.Start("kill", [signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static int Find(int rank, string run)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
            try
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                    && File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0') is ([_, var assembly, ..] and var words)
                    && assembly == AlexNetProcess.Assembly && words.Contains(run)
                    && File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains(FormattableString.Invariant($"OMPI_COMM_WORLD_RANK={rank}")))
                    return process;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended.
            }
        return 0;
    }

    private static string? FindVersion()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("mpirun", "--version") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string version = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return OperatingSystem.IsLinux() && version.Contains("Open MPI", StringComparison.Ordinal) ? version : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
