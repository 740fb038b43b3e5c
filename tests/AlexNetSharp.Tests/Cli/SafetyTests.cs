using System.Diagnostics;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Tests.Inference;
using SkiaSharp;
using static AlexNetSharp.Tests.Cli.Failures;

namespace AlexNetSharp.Tests.Cli;

/// <summary>Names that steer terminals, streams that are closed or full, files that are none: what every command does about them.</summary>
public sealed class SafetyTests : IDisposable
{
    private const string Evil = "evil\e[2J\n\u202egpj";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NamesOfFilesNeverReachTheTerminalAsTheyAre()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no such names there");
        string model = SmallModel(), image = Image($"images/{Evil}.png"), escaped = @"evil\x1b[2J\n\u202egpj";
        AlexNetProcess.Result result = AlexNetCommand.Run("classify", model, image, "--top", "1");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith($"{escaped}.png", result.OutputLines[0], StringComparison.Ordinal);
        result = AlexNetCommand.Run("similar", model, _folder.PathOf("images"), Image("query.png", seed: 1));
        Assert.Contains(escaped, result.Output, StringComparison.Ordinal);
        AssertPrintable(result);
        AssertOneLine(1, escaped, "classify", model, _folder.PathOf($"no{Evil}.png"));
        AssertOneLine(1, escaped, "inspect", _folder.Write($"{Evil}.pth", "x"u8));
        AssertOneLine(1, escaped, "bench", Evil);
        AssertOneLine(2, escaped, "bench", "--batch-size", Evil);

        _folder.Write($"classes/{Evil}/1.png", new byte[10]);
        Image("classes/b/1.png");
        result = AlexNetCommand.Run("train", _folder.PathOf("classes"), "--out", _folder.PathOf("run"), "--network", "cifar10-quick", "--verbose");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(escaped, result.Error, StringComparison.Ordinal);
        AssertPrintable(result);

        static void AssertPrintable(AlexNetProcess.Result result)
        {
            Assert.DoesNotContain('\e', result.Output + result.Error);
            Assert.DoesNotContain('\u202e', result.Output + result.Error);
        }
    }

    [Theory]
    [InlineData("summary --network cifar10-quick", "> /dev/full", 1)]
    [InlineData("summary --network cifar10-quick", ">&-", 1)]
    [InlineData("summary --network cifar10-quick", ">&- 2>&-", 1)]
    [InlineData("summary --network cifar10-quick", "> /dev/full 2> /dev/full", 1)]
    [InlineData("summary --help", "> /dev/full", 1)]
    [InlineData("--version", ">&-", 1)]
    [InlineData("summary --network cifar10-quick", "2>&-", 0)]
    [InlineData("train --out nowhere --resume", "2>&-", 1)]
    [InlineData("train --out nowhere --resume", "2> /dev/full", 1)]
    [InlineData("summary --nothing", "2>&-", 2)]
    [InlineData("summary --nothing", "2> /dev/full", 2)]
    [InlineData("summary --nothing", ">&- 2>&-", 2)]
    [InlineData("summary --network cifar10-quick", "| true", 0)]
    public void AStreamThatCannotBeWrittenIsNoCrash(string arguments, string redirection, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        AlexNetProcess.Result result = AlexNetProcess.Shell($"\"$@\" {arguments} {redirection}; exit ${{PIPESTATUS[0]}}");
        Assert.Equal(exitCode, result.ExitCode);
        Assert.InRange(result.ErrorLines.Length, 0, 1);
        if (exitCode == 1 && redirection is "> /dev/full" or ">&-")
            Assert.StartsWith("alexnet: standard output cannot be written (", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("> /dev/full 2> /dev/full", 1)]
    [InlineData(">&- 2>&-", 1)]
    [InlineData("2> /dev/full", 0)]
    [InlineData("2>&-", 0)]
    [InlineData("| true", 0)]
    public void ATrainingGoesOnWithoutItsStreams(string redirection, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        for (int i = 0; i < 4; i++)
            Image($"data/{(i % 2 == 0 ? "even" : "odd")}/{i}.png", i);
        string run = _folder.PathOf("run");
        AlexNetProcess.Result result = AlexNetProcess.Shell(
            $"\"$@\" train '{_folder.PathOf("data")}' --out '{run}' --network cifar10-quick --learning-rate 0.0001 --epochs 2 {redirection}; exit ${{PIPESTATUS[0]}}");
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal(3, File.ReadAllLines(Path.Combine(run, "metrics.csv")).Length);
        using TensorFile checkpoint = TensorFile.Open(Path.Combine(run, "checkpoints", "last.safetensors"));
        Assert.NotEmpty(checkpoint.Tensors);
    }

    [Fact]
    public void AFileThatIsReplacedKeepsItsMode()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("no modes there");
            return;
        }
        string path = _folder.Write("result.json", "old"u8);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(0, AlexNetCommand.Run([.. s_bench, "--json", path]).ExitCode);
        Assert.NotEqual("old", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        UnixFileMode open = (UnixFileMode)0x1b6;   // 0666, whatever the umask is
        File.SetUnixFileMode(path, open);
        using (var file = new AtomicFile(path))
            file.Commit();
        Assert.Equal(open, File.GetUnixFileMode(path));
    }

    [Fact]
    public void ALinkThatLeadsNowhereIsNotFollowed()
    {
        string link = _folder.PathOf("link.json"), target = _folder.PathOf("target");
        File.CreateSymbolicLink(link, target);
        AssertOneLine(1, $"--json: '{link}' is a link to '{target}', which does not exist", [.. s_bench, "--json", link]);
        Assert.Empty(Directory.GetFiles(_folder.Path, "target"));
        using (var file = new AtomicFile(link))
            file.Commit();
        Assert.False(File.Exists(target));
        Assert.Null(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void ARunFolderInsideOfItsImagesIsRefusedBeforeAnythingIsWritten()
    {
        Image("data/a/1.png");
        Image("data/b/1.png");
        Image("val/a/1.png");
        Directory.CreateSymbolicLink(_folder.PathOf("link"), _folder.PathOf("data"));
        string data = _folder.PathOf("data");
        string[] before = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories);
        foreach (string run in (string[])[data, data + "/", _folder.PathOf("data/run"), _folder.PathOf("data/a/x/y"), _folder.PathOf("link/run"), _folder.PathOf("val/../data/run")])
            AssertOneLine(2, $"--out: '{run}' lies inside '{data}'", "train", data, "--out", run);
        AssertOneLine(2, "lies inside", "train", _folder.PathOf("link"), "--out", _folder.PathOf("data/run"));
        AssertOneLine(2, $"lies inside '{_folder.PathOf("val")}'", "train", data, "--out", _folder.PathOf("val/run"), "--val", _folder.PathOf("val"));
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories));
        // A name that only begins like it.
        Assert.Equal(0, AlexNetCommand.Run("train", data, "--out", data + "-run", "--network", "cifar10-quick", "--epochs", "1").ExitCode);
        AssertOneLine(2, "lies inside", "eval", data + "-run", data, "--out", _folder.PathOf("data/eval"));
    }

    [Fact]
    public void PipesAndDevicesAreNoImages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo and /dev/zero");
        string model = SmallModel(), image = Image("one.png"), folder = Path.GetDirectoryName(Image("images/1.png"))!, pipe = Path.Combine(folder, "pipe.png");
        Pipe(pipe);
        AssertOneLine(1, $"{pipe}: empty, or not a regular file", "similar", model, folder, image);
        AssertOneLine(1, $"{pipe}: empty, or not a regular file", "similar", model, folder, pipe);
        AssertOneLine(1, $"{pipe}: empty, or not a regular file", "classify", model, folder);
        File.Move(pipe, _folder.PathOf("pipe"));
        foreach (string target in (string[])[_folder.PathOf("pipe"), "/dev/zero"])
        {
            File.CreateSymbolicLink(Path.Combine(folder, "link.png"), target);
            AssertOneLine(1, "link.png: empty, or not a regular file", "similar", model, folder, image);
            AssertOneLine(1, "link.png: empty, or not a regular file", "classify", model, folder);
            File.Delete(Path.Combine(folder, "link.png"));
        }
    }

    [Fact]
    public void ACommandThatHangsEndsWithinASecondOfTheFirstSignal()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "mkfifo and kill");
        // Nobody writes into it, so opening it does not return.
        string pipe = _folder.PathOf("input.npy");
        Pipe(pipe);
        foreach (string signal in (string[])["-TERM", "-INT"])
        {
            using Process process = AlexNetProcess.Start("run", SmallModel(), "--input", pipe, "--output", _folder.PathOf("y.npy"));
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Assert.False(process.WaitForExit(TimeSpan.FromSeconds(3)), "it must wait for the pipe");
            long start = Stopwatch.GetTimestamp();
            AlexNetProcess.Signal(process, signal);
            AlexNetProcess.Result result = AlexNetProcess.Finish(process, output);
            // A second, and what a busy machine takes to start 'kill' and to end a process.
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 3);
            Assert.Equal(130, result.ExitCode);
            Assert.Equal("alexnet run: interrupted", Assert.Single(result.ErrorLines));
        }
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
    }

    [Fact]
    public void JsonGoesToAFileOrTakesThePlaceOfTheText()
    {
        string model = SmallModel(), image = Image("1.png"), json = _folder.PathOf("result.json");
        byte[] before = File.ReadAllBytes(image);
        string bare = AlexNetCommand.Run("classify", model, "--json", image).Output;
        Assert.StartsWith("{", bare, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(image));
        foreach (string[] words in (string[][])[["--json"], ["--json", "-"], ["--json=-"]])
            Assert.Contains("\n{\n", "\n" + AlexNetCommand.Run(["classify", model, image, .. words]).Output, StringComparison.Ordinal);
        // The device is that of a process.
        if (OperatingSystem.IsLinux())
            Assert.Contains("\n{\n", "\n" + AlexNetProcess.Run("classify", model, image, "--json", "/dev/stdout").Output, StringComparison.Ordinal);
        AlexNetProcess.Result both = AlexNetCommand.Run("classify", model, image, "--json", json);
        Assert.StartsWith(image, both.Output, StringComparison.Ordinal);
        Assert.StartsWith("{", File.ReadAllText(json), StringComparison.Ordinal);
        Assert.StartsWith("{", AlexNetCommand.Run([.. s_bench, "--json"]).Output, StringComparison.Ordinal);
        Assert.StartsWith("{", AlexNetCommand.Run([.. s_bench, "--json", "--threads", "1"]).Output, StringComparison.Ordinal);
    }

    private static readonly string[] s_bench =
        ["bench", "--network", "cifar10-quick", "--batch-size", "1", "--batches", "1", "--burn-in", "0", "--forward-only"];

    private string Image(string name, int seed = 0) => _folder.Write(name, TestImages.Encode(48, 44, SKEncodedImageFormat.Png, out _, seed: seed));

    private string SmallModel()
    {
        string path = _folder.PathOf("model.safetensors");
        using Model model = InferenceModels.Small();
        ModelFile.Save(path, model);
        return path;
    }

    private static void Pipe(string path)
    {
        using Process process = Process.Start("mkfifo", [path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
