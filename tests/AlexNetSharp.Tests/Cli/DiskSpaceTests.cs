using System.Diagnostics;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

/// <summary>Trainings into a small disk: a file system in memory, which only root can mount.</summary>
public sealed class DiskSpaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private bool _mounted;

    [Theory]
    // cifar10-quick has 0.58 MB of parameters and as much momentum: three checkpoints take 3.5 MB.
    [InlineData(2_000_000, "the checkpoints need 3.5 MB of disk space")]
    [InlineData(6_000_000, null)]
    public void ATrainingIsRefusedWhereItsCheckpointsDoNotFit(int bytes, string? refusal)
    {
        string disk = _folder.PathOf("disk"), run = Path.Combine(disk, "run");
        Directory.CreateDirectory(disk);
        _mounted = OperatingSystem.IsLinux() && Start("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", disk);
        Assert.SkipUnless(_mounted, "No file system can be mounted here.");
        for (int i = 0; i < 8; i++)
            _folder.Write($"data/{"ab"[i % 2]}/{i}.png", TestImages.Encode(40, 30, SKEncodedImageFormat.Png, out _, seed: i));
        AlexNetProcess.Result result = AlexNetCommand.Run("train", _folder.PathOf("data"), "--network", "cifar10-quick", "--epochs", "1", "--out", run);
        Assert.Equal(refusal is null ? 0 : 1, result.ExitCode);
        if (refusal is null)
            return;
        Assert.Contains(refusal, result.Error, StringComparison.Ordinal);
        Assert.Contains("use --out on another disk", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run, "config.json")));
    }

    public void Dispose()
    {
        if (_mounted)
            Start("umount", _folder.PathOf("disk"));
        _folder.Dispose();
    }

    private static bool Start(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
