using System.Diagnostics;

namespace AlexNetSharp.Tests.Cli;

/// <summary>Slices of the long runs of tools/, as docs/reliability.md describes them.</summary>
[Collection(LongestFirst.Prefix + nameof(LongRunTests))]
public class LongRunTests
{
    [Fact]
    [Trait(Slow.Name, Slow.Value)]
    public void KilledAndFailingCommandsLeaveWholeFiles()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The faults are injected as Linux does it.");
        foreach (string program in (string[])["python3", "gcc"])
            Assert.SkipUnless(
                Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))), $"Needs {program}.");
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])
            [
                Path.Combine(Repository.Root, "tools", "faults.py"), "--faults", "4", "--kills", "3", "--seed", "20261126",
                "--command", $"'{AlexNetProcess.Dotnet}' '{AlexNetProcess.Assembly}'",
            ])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        AlexNetProcess.Result result = AlexNetProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.EndsWith("0 wrong", result.OutputLines[^1], StringComparison.Ordinal);
    }
}
