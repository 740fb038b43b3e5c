using System.Diagnostics;
using AlexNetSharp.Tests.Cli;

namespace AlexNetSharp.Tests.Packaging;

/// <summary>Runs <c>dotnet</c> and programs that it made, with a folder of its own for packages.</summary>
/// <param name="folder">Where commands run; packages go below it.</param>
internal sealed class DotnetCommand(string folder)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Where NuGet keeps the user's packages.</summary>
    public static string UsersPackages { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Runs <c>dotnet</c>, expects that it succeeds, and returns what it printed.</summary>
    public string Run(params string[] arguments) => RunProgram(AlexNetProcess.Dotnet, arguments);

    /// <summary>Runs a program, expects that it succeeds, and returns what it printed.</summary>
    public string RunProgram(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        // What the test's own dotnet told its children would reach ours, down to the folder of its SDK.
        foreach (string name in start.Environment.Keys.Where(n => n.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        // Nothing keeps running behind the test, and a package that bears a version of an earlier build is not taken for ours.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["NUGET_PACKAGES"] = Path.Combine(folder, "packages");

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{path} {string.Join(' ', arguments)} did not end within {s_limit}");
        }
        Assert.True(process.ExitCode == 0, $"{path} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output.Result}{error.Result}");
        return output.Result;
    }
}
