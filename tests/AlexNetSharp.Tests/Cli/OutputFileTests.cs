using System.Diagnostics;
using AlexNetSharp.Formats;
using static AlexNetSharp.Tests.Cli.Failures;

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
    public void ATensorGoesToStandardOutput()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/stdout");
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("y.npy"), input = folder.PathOf("x.npy");
        Npy.Save(input, new float[2 * 32 * 32 * 3], [2, 32, 32, 3]);
        string[] run = ["run", RunCommandTests.Init(folder), "--input", input, "--output", "/dev/stdout"];
        using Process shell = Process.Start("sh", ["-c", "\"$@\" > \"$0\"", file, AlexNetProcess.Dotnet, AlexNetProcess.Assembly, .. run]);
        shell.WaitForExit();

        Assert.Equal(0, shell.ExitCode);
        Assert.Equal([2, 4], Npy.Load(file).Shape);
        Assert.NotNull(new FileInfo("/dev/stdout").LinkTarget);
    }

    [Fact]
    public void TwoOptionsCannotNameOneFile()
    {
        AssertOneLine(2, "--output and --gradients name the same file", "run", "m", "--input", "x", "--output", "y", "--gradients", "./y");
        AssertOneLine(2, "--sheet and --cache name the same file", "similar", "m", ".", "x", "--sheet", "y", "--cache", "./y");
        AssertOneLine(2, "--csv and --json name the same file", "bench", "--csv", "y", "--json", "./y");
    }

    [Fact]
    public void AMissingDeviceIsFoundOutAtOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev");
        AssertOneLine(1, "--json: there is no device '/dev/nul'", "bench", "--json", "/dev/nul");
    }

    [Fact]
    public void AFullDeviceIsNamedWithItsOption()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        AlexNetProcess.Result result = AlexNetCommand.Run(
            "bench", "--network", "cifar10-quick", "--batch-size", "1", "--batches", "1", "--burn-in", "0", "--forward-only", "--json", "/dev/full");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--json: '/dev/full' cannot be written", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
