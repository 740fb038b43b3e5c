using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Tests.Cli;

/// <summary>Runs the built command as a user does: in a process of its own.</summary>
internal static class AlexNetProcess
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>What a run gave.</summary>
    public sealed record Result(int ExitCode, string Output, string Error)
    {
        public string[] OutputLines => Lines(Output);

        public string[] ErrorLines => Lines(Error);

        private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The command <c>dotnet</c> whose runtime runs the tests: that is shared/Microsoft.NETCore.App/VERSION below its folder.</summary>
    public static string Dotnet { get; } = Path.GetFullPath(Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    /// <summary>The built command.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "alexnet.dll");

    /// <summary>Runs <c>alexnet</c> to its end.</summary>
    public static Result Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        return Finish(process, output);
    }

    /// <summary>Starts <c>alexnet</c>.</summary>
    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Dotnet)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(Assembly);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>Runs <c>alexnet</c> where no file can become larger than a number of KiB: a write beyond fails, as on a full disk.</summary>
    public static Result RunWithFileLimit(int kibibytes, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // The runtime's own code memory is a file, too, unless it is told to do without.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        foreach (string argument in (string[])
            ["-c", FormattableString.Invariant($"trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\""), "bash", Dotnet, Assembly, .. arguments])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        return Finish(process, process.StandardOutput.ReadToEndAsync());
    }

    /// <summary>Waits for the end of a process whose standard output somebody reads.</summary>
    public static Result Finish(Process process, Task<string> output)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill();
            Assert.Fail($"alexnet did not end within {s_limit}");
        }
        return new Result(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Sends what Ctrl-C sends.</summary>
    public static void Interrupt(Process process) => Signal(process, "-INT");

    /// <summary>Sends a signal: <c>-TERM</c>.</summary>
    public static void Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Runs a script of bash in which "$@" is the command.</summary>
    public static Result Shell(string script)
    {
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in (string[])["-c", script, "bash", Dotnet, Assembly])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        return Finish(process, process.StandardOutput.ReadToEndAsync());
    }
}
