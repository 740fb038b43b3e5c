using System.Diagnostics;

namespace AlexNetSharp.Tests.Cli;

public class OutputFileTests
{
    [Fact]
    public void StandardOutputThatGoesToAFileKeepsWhatCameBefore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/stdout");
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("out.txt");
        string[] bench = ["bench", "--network", "cifar10-quick", "--batch-size", "1", "--batches", "1", "--burn-in", "0", "--forward-only", "--csv", "/dev/stdout"];
        using Process shell = Process.Start("sh", ["-c", "\"$@\" > \"$0\"", file, AlexNetProcess.Dotnet, AlexNetProcess.Assembly, .. bench]);
        shell.WaitForExit();

        Assert.Equal(0, shell.ExitCode);
        string[] lines = File.ReadAllLines(file);
        Assert.Equal("conv1   [1, 32, 32, 32]", lines[1]);
        Assert.Equal("run,step,seconds", lines[^2]);
        Assert.StartsWith("forward,0,", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void AFullDeviceIsNamedWithItsOption()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        AlexNetProcess.Result result = AlexNetProcess.Run(
            "bench", "--network", "cifar10-quick", "--batch-size", "1", "--batches", "1", "--burn-in", "0", "--forward-only", "--json", "/dev/full");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--json: '/dev/full' cannot be written", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
