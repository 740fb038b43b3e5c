using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Formats;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>alexnet train</c> and <c>alexnet eval</c> as a user runs them, on a few hundred images in MNIST's files.</summary>
[Collection(LongestFirst.Prefix + nameof(TrainCommandTests))]
public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainCommandTests()
    {
        WriteBars("train", 480, seed: 1);
        WriteBars("t10k", 120, seed: 2);
    }

    public void Dispose() => _folder.Dispose();

    private string Data => _folder.PathOf("data");

    [Fact]
    public void ARunLearnsAndLeavesEverythingThatItPromises()
    {
        string run = _folder.PathOf("run");
        AlexNetProcess.Result result = Train(run, "--epochs", "6");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(6, result.OutputLines.Count(line => line.StartsWith("epoch ", StringComparison.Ordinal)));
        string[] expected =
        [
            ".lock", "checkpoints/best.safetensors", "checkpoints/last.safetensors", "config.json", "curves.png", "metrics-steps.csv", "metrics.csv",
            .. Enumerable.Range(1, 6).Select(i => $"tensorboard/events.out.tfevents.{i:D6}"),
        ];
        Assert.Equal(expected, Directory.GetFiles(run, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(run, f)).Order(StringComparer.Ordinal));

        string json = _folder.PathOf("eval.json");
        result = AlexNetCommand.Run("eval", run, Data, "--json", json);
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(json));
        Assert.Equal(120, report.RootElement.GetProperty("images").GetInt32());
        Assert.True(report.RootElement.GetProperty("top1").GetDouble() > 0.9, result.Output);
        Assert.Equal(120, report.RootElement.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(count => count.GetInt32())));
        string[] confusion = File.ReadAllLines(Path.Combine(run, "eval", "confusion.csv"));
        Assert.Equal(11, confusion.Length);
        Assert.Equal(120, confusion.Skip(1).Sum(line => line.Split(',').Skip(1).Sum(field => int.Parse(field, CultureInfo.InvariantCulture))));
        Assert.True(new FileInfo(Path.Combine(run, "eval", "confusion.png")).Length > 1000);

        // Ten views of images that are as large as the crop are twice five times the same, so they are no worse than one or two.
        result = AlexNetCommand.Run("eval", run, Data, "--ten-crop", "--batch-size", "40");
        Assert.Contains("120 images in 10 views", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatIsKilledAgainAndAgainEndsWithTheSameBits()
    {
        string whole = _folder.PathOf("whole"), killed = _folder.PathOf("killed");
        string[] settings = ["--epochs", "20", "--checkpoint-steps", "3", "--flip", "--crop-padding", "1", "--schedule", "plateau", "--plateau-patience", "1"];
        Assert.Equal(0, Train(whole, settings).ExitCode);

        var random = new System.Random(4);
        int kills = 0;
        string[] arguments = Arguments(killed, settings);
        for (int i = 0; i < 4; i++)
        {
            using Process process = AlexNetProcess.Start(arguments);
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(killed, "config.json")) || process.HasExited, TimeSpan.FromMinutes(1)));
            if (!process.WaitForExit(random.Next(50, 1000)))
            {
                process.Kill();
                kills++;
            }
            process.WaitForExit();
            Task.WaitAll(output, error);
            arguments = ["train", "--out", killed, "--resume"];
        }
        AlexNetProcess.Result last = AlexNetCommand.Run("train", "--out", killed, "--resume", "--threads", "1");
        Assert.True(last.ExitCode == 0, last.Error);
        Assert.True(kills > 0, "the runs were over before they could be killed");
        Assert.Empty(Directory.GetFiles(killed, "*.tmp", SearchOption.AllDirectories));
        foreach (string file in new[] { "last", "best" })
            Assert.Equal(Tensors(Path.Combine(whole, "checkpoints", $"{file}.safetensors")), Tensors(Path.Combine(killed, "checkpoints", $"{file}.safetensors")));
    }

    [Fact]
    public void AnInterruptionWritesACheckpointAndSaysHowToGoOn()
    {
        string run = _folder.PathOf("run");
        using Process process = AlexNetProcess.Start(Arguments(run, "--epochs", "100000"));
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "metrics.csv")) || process.HasExited, TimeSpan.FromMinutes(1)));
        Refused(1, "another training writes to this folder", "train", "--out", run, "--resume");
        AlexNetProcess.Interrupt(process);
        AlexNetProcess.Result result = AlexNetProcess.Finish(process, output);
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("--resume", result.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Tensors(Path.Combine(run, "checkpoints", "last.safetensors")));
    }

    [Fact]
    public void ALossThatDivergesEndsTheRunAndKeepsTheLastGoodCheckpoint()
    {
        string run = _folder.PathOf("run");
        Assert.Equal(0, Train(run, "--epochs", "1").ExitCode);
        byte[] before = File.ReadAllBytes(Path.Combine(run, "checkpoints", "last.safetensors"));
        string other = _folder.PathOf("diverging");
        AlexNetProcess.Result result = AlexNetCommand.Run("train", Data, "--out", other, "--network", "cifar10-quick", "--initial", "he", "--learning-rate", "1000000");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("training diverged at step", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(run, "checkpoints", "last.safetensors")));
    }

    [Fact]
    public void AnEvaluationMeasuresOnWhatTheRunValidatedOnAndSaysWhatItMeasuredOn()
    {
        foreach (string set in (string[])["above/train", "others"])
            for (int i = 0; i < 20; i++)
                _folder.Write(
                    $"{set}/{(i % 2 == 0 ? "even" : "odd")}/{i}.jpg", Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Jpeg, out _, seed: i));
        string run = _folder.PathOf("run"), images = _folder.PathOf("above/train"), others = _folder.PathOf("others"), json = _folder.PathOf("eval.json");
        string[] settings = ["--network", "cifar10-quick", "--batch-size", "4", "--learning-rate", "0.0001", "--epochs", "1"];
        Assert.Equal(0, AlexNetCommand.Run(["train", images, "--out", run, "--val-split", "0.2", "--seed", "3", .. settings]).ExitCode);
        Measured(images, ": class folders, the 20 % that the run validated on", 4, 0);
        Measured(others, ": class folders", 20, 0);
        Measured(images + "/../train/", ": class folders, the 20 % that the run validated on", 4, 0);
        Measured(_folder.PathOf("above"), ": class folders in train/; the model was trained on 16 of these 20 images", 20, 16);
        Directory.Move(images, _folder.PathOf("moved"));
        Measured(others, ": class folders; the model's training images are unknown", 20, null);
        Directory.Move(_folder.PathOf("moved"), images);

        string second = run;
        run = _folder.PathOf("run2");
        Assert.Equal(0, AlexNetCommand.Run(["train", images, "--out", run, "--val", others, .. settings]).ExitCode);
        Assert.StartsWith($"{others}: class folders\n", AlexNetCommand.Run("eval", run, images).Output, StringComparison.Ordinal);
        // A checkpoint in a run folder knows its run as well.
        run = Path.Combine(second, "checkpoints", "last.safetensors");
        Measured(images, ": class folders, the 20 % that the run validated on", 4, 0);

        void Measured(string data, string line, int count, int? trainedOn)
        {
            AlexNetProcess.Result result = AlexNetCommand.Run("eval", run, data, "--json", json);
            Assert.StartsWith($"{data}{line}\n{count} images: loss", result.Output, StringComparison.Ordinal);
            using JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(json));
            Assert.Equal(data + line.Split(';')[0], report.RootElement.GetProperty("set").GetString());
            JsonElement trained = report.RootElement.GetProperty("trained_on");
            Assert.Equal(trainedOn, trained.ValueKind == JsonValueKind.Null ? null : trained.GetInt32());
        }
    }

    [Fact]
    public void ImagesThatVanishEndTheRunAndKeepTheLastGoodCheckpoint()
    {
        for (int i = 0; i < 12; i++)
            _folder.Write(
                $"images/{(i % 2 == 0 ? "even" : "odd")}/{i}.jpg",
                Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Jpeg, out _, seed: i));
        string run = _folder.PathOf("run"), images = _folder.PathOf("images");
        using Process process = AlexNetProcess.Start(
            "train", images, "--out", run, "--network", "cifar10-quick", "--cache", "0", "--batch-size", "4", "--learning-rate", "0.0001", "--epochs", "100000");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "checkpoints", "last.safetensors")) || process.HasExited, TimeSpan.FromMinutes(1)));
        Directory.Move(images, _folder.PathOf("moved"));
        AlexNetProcess.Result result = AlexNetProcess.Finish(process, output);
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"\.jpg: no such file.*last\.safetensors stays: the state after \d+ epochs", result.ErrorLines[^1]);

        // The images are back, one of them damaged.
        Directory.Move(_folder.PathOf("moved"), images);
        _folder.Write("images/odd/1.jpg", new byte[10]);
        Refused(1, "1.jpg", "eval", run, images);
        AlexNetProcess.Result evaluation = AlexNetCommand.Run("eval", run, images, "--skip-bad");
        Assert.Contains("\n11 images: loss", evaluation.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{images}: class folders; the model was trained on these images\n", evaluation.Output, StringComparison.Ordinal);
        Assert.Contains("skipped: ", evaluation.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ADiskWithoutSpaceEndsTheRunAndKeepsTheLastGoodCheckpoint()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs bash and its limit of file sizes");
        string run = _folder.PathOf("run"), last = Path.Combine(run, "checkpoints", "last.safetensors");
        Assert.Equal(0, Train(run, "--epochs", "1").ExitCode);
        byte[] before = File.ReadAllBytes(last), curves = File.ReadAllBytes(Path.Combine(run, "curves.png"));
        AlexNetProcess.Result result = AlexNetProcess.RunWithFileLimit(before.Length / 2048, "train", "--out", run, "--resume", "--epochs", "3");
        Assert.True(result.ExitCode == 1, result.Output + result.Error);
        Assert.Contains("last.safetensors stays: the state after 1 epoch and 0 steps", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(last));
        // Whatever comes after a checkpoint is never written again: so the curves come before.
        Assert.NotEqual(curves, File.ReadAllBytes(Path.Combine(run, "curves.png")));
        Assert.Equal(
            ["best.safetensors", "last.safetensors"], Directory.GetFiles(Path.Combine(run, "checkpoints")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(0, AlexNetCommand.Run("train", "--out", run, "--resume", "--epochs", "3").ExitCode);
    }

    [Fact]
    public void ARunContinuesFromAnyFolderAndSaysWhenItsImagesHaveMoved()
    {
        _folder.Write("some where/a/1.png", Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Png, out _));
        _folder.Write("some where/b/1.png", Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Png, out _, seed: 2));
        string run = _folder.PathOf("run"), images = _folder.PathOf("some where");
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, images);
        Assert.Equal(0, AlexNetCommand.Run("train", relative, "--out", run, "--network", "cifar10-quick", "--epochs", "1").ExitCode);
        Assert.Equal(images, TrainSettings.Load(run).Data);
        Directory.Move(images, _folder.PathOf("moved"));
        Refused(1, $"{images}: no such folder, but {TrainSettings.PathOf(run)} names it; if the images have moved, pass their new location as DATA",
            "train", "--out", run, "--resume", "--epochs", "2");
        Assert.Equal(0, AlexNetCommand.Run("train", _folder.PathOf("moved"), "--out", run, "--resume", "--epochs", "2").ExitCode);
    }

    [Fact]
    public void BadImagesAreListedAndOneClassIsTooFew()
    {
        foreach (string name in (string[])["a/1.png", "b/1.png", "b/2.png"])
            _folder.Write($"bad/{name}", new byte[10]);
        _folder.Write("bad/a/2.png", Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Png, out _));
        string[] arguments = ["train", _folder.PathOf("bad"), "--out", _folder.PathOf("x"), "--network", "cifar10-quick", "--epochs", "1"];
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(3, result.ErrorLines.Count(line => !line.StartsWith("alexnet train:", StringComparison.Ordinal) && line.Contains(".png", StringComparison.Ordinal)));
        Assert.Contains("3 of 4 training images cannot be read", result.ErrorLines[^1], StringComparison.Ordinal);
        result = AlexNetCommand.Run([.. arguments, "--skip-bad"]);
        Assert.Contains("class 'b' has no training images", result.Error, StringComparison.Ordinal);

        _folder.Write("one/only/1.png", Images.TestImages.Encode(12, 12, SkiaSharp.SKEncodedImageFormat.Png, out _));
        Refused(1, "only one class ('only')", "train", _folder.PathOf("one"), "--out", _folder.PathOf("y"), "--network", "cifar10-quick");
    }

    [Fact]
    public void WhatCannotBeIsRefusedInOneLine()
    {
        string run = _folder.PathOf("run");
        Assert.Equal(0, Train(run, "--epochs", "1").ExitCode);
        Refused(2, "already holds a run", Arguments(run));
        Refused(2, "--batch-size cannot change", "train", "--out", run, "--resume", "--batch-size", "5");
        Refused(1, "not a run folder", "train", "--out", _folder.PathOf("nothing"), "--resume");
        Refused(2, "--out FOLDER is missing", "train", Data);
        Refused(2, "DATA is missing", "train", "--out", _folder.PathOf("x"));
        Refused(2, "cannot be combined", Arguments(_folder.PathOf("x"), "--val", Data, "--val-split", "0.1"));
        Refused(2, "--random-resized-crop and --random-crop cannot be combined", Arguments(_folder.PathOf("x"), "--random-resized-crop", "--random-crop"));
        Refused(2, "--plateau-patience is for --schedule plateau, but the schedule is constant", Arguments(_folder.PathOf("x"), "--plateau-patience", "3"));
        Refused(2, "--schedule must be constant, step, multi-step, cosine or plateau, but is 'Step'", Arguments(_folder.PathOf("x"), "--schedule", "Step"));
        Refused(2, "--step-epochs 30 must be below --epochs 5", Arguments(_folder.PathOf("x"), "--schedule", "step", "--epochs", "5"));
        Refused(2, "--milestones must be increasing and lie between 0 and --epochs 5, but are 3,2",
            Arguments(_folder.PathOf("x"), "--schedule", "multi-step", "--milestones", "3,2", "--epochs", "5"));
        Refused(2, "--milestones must be increasing", Arguments(_folder.PathOf("x"), "--schedule", "multi-step", "--milestones", "5", "--epochs", "5"));
        Refused(2, "--minimum-rate 0.5 must be below --learning-rate", Arguments(_folder.PathOf("x"), "--schedule", "cosine", "--minimum-rate", "0.5"));
        Refused(2, "--micro-batch 500 must not exceed --batch-size", Arguments(_folder.PathOf("x"), "--micro-batch", "500"));
        Refused(2, "--warmup-steps 100000 must be below the total number of steps", Arguments(_folder.PathOf("x"), "--warmup-steps", "100000"));
        Refused(2, "but '" + RunFolder.LastCheckpointOf(run) + "' is a file", "eval", RunFolder.LastCheckpointOf(run), Data, "--checkpoint", "last");
        Refused(2, "--resize-to is for --resize auto, shorter or square, but the resize is none", Arguments(_folder.PathOf("x"), "--resize", "none", "--resize-to", "300"));
        Refused(2, "--color-pca shifts colors, but the images", Arguments(_folder.PathOf("x"), "--color-pca"));
        Refused(1, "is a file; specify a folder", "eval", run, Data, "--out", _folder.Write("file", "x"u8));
        Refused(2, "needs --milestones", Arguments(_folder.PathOf("x"), "--schedule", "multi-step"));
        Refused(1, "no such folder", "train", _folder.PathOf("gone"), "--out", _folder.PathOf("x"));
        Refused(1, "is a file; specify a folder", "train", _folder.PathOf("gone"), "--out", _folder.Write("file", "x"u8));
        Refused(1, "no such file or folder", "eval", _folder.PathOf("gone"), Data);
        // As many images, but one is of another class.
        string labels = Path.Combine(Data, "train-labels-idx1-ubyte");
        byte[] original = File.ReadAllBytes(labels), changed = [.. original[..^1], (byte)(9 - original[^1])];
        File.WriteAllBytes(labels, changed);
        Refused(1, "the training had 480 other images than those here", "train", "--out", run, "--resume", "--epochs", "2");
        File.WriteAllBytes(labels, original);
        // The images vanish: the run and its checkpoint stay.
        Directory.Move(Data, _folder.PathOf("moved"));
        Refused(1, "no such folder", "train", "--out", run, "--resume", "--epochs", "2");
        Assert.Equal(0, AlexNetCommand.Run("train", _folder.PathOf("moved"), "--out", run, "--resume", "--epochs", "2").ExitCode);
    }

    private static void Refused(int exitCode, string message, params string[] arguments)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
    }

    private AlexNetProcess.Result Train(string run, params string[] settings) => AlexNetCommand.Run(Arguments(run, settings));

    private string[] Arguments(string run, params string[] settings) =>
        ["train", Data, "--out", run, "--network", "cifar10-quick", "--initial", "he", "--normalize", "channel", "--batch-size", "32", "--threads", "2", .. settings];

    /// <summary>The bytes of all tensors of a file; the times of epochs in its metadata differ from run to run.</summary>
    internal static Dictionary<string, string> Tensors(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        return file.Tensors.ToDictionary(tensor => tensor.Name, tensor => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(tensor.Bytes)));
    }

    /// <summary>Gray images of 12×12 with a bright bar; the class is the row or column of the bar.</summary>
    private void WriteBars(string name, int count, int seed)
    {
        const int side = 12;
        var random = new System.Random(seed);
        byte[] images = new byte[16 + count * side * side], labels = new byte[8 + count];
        BinaryPrimitives.WriteInt32BigEndian(images, 0x803);
        BinaryPrimitives.WriteInt32BigEndian(images.AsSpan(4), count);
        BinaryPrimitives.WriteInt32BigEndian(images.AsSpan(8), side);
        BinaryPrimitives.WriteInt32BigEndian(images.AsSpan(12), side);
        BinaryPrimitives.WriteInt32BigEndian(labels, 0x801);
        BinaryPrimitives.WriteInt32BigEndian(labels.AsSpan(4), count);
        random.NextBytes(images.AsSpan(16));
        for (int i = 16; i < images.Length; i++)
            images[i] /= 4;
        for (int i = 0; i < count; i++)
        {
            int label = i % 10, place = 1 + label % 5 * 2;
            labels[8 + i] = (byte)label;
            for (int t = 0; t < side; t++)
                images[16 + i * side * side + (label < 5 ? place * side + t : t * side + place)] = 255;
        }
        _folder.Write($"data/{name}-images-idx3-ubyte", images);
        _folder.Write($"data/{name}-labels-idx1-ubyte", labels);
    }
}
