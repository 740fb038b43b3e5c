using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using AlexNetSharp.Mpi;
using AlexNetSharp.Tests.Cli;

namespace AlexNetSharp.Tests.Mpi;

/// <summary><c>mpirun alexnet train</c> on a few hundred images: the same training on any number of processes, however it is interrupted.</summary>
[Collection(LongestFirst.Prefix + nameof(MpiTrainingTests))]
public sealed class MpiTrainingTests : IDisposable
{
    private static readonly string[] s_settings =
        ["--network", "cifar10-quick", "--initial", "he", "--normalize", "channel", "--batch-size", "32", "--part-size", "6", "--flip", "--crop-padding", "1", "--threads", "1"];

    /// <summary>Time for the launcher to end all processes when one has ended.</summary>
    private static readonly TimeSpan s_launcher = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();

    public MpiTrainingTests() => WriteBars("data", 150, seed: 1);

    public void Dispose() => _folder.Dispose();

    private string Data => _folder.PathOf("data");

    [Fact]
    public void OneTwoAndThreeProcessesGoOnForEachOtherWithTheSameBits()
    {
        MpiRun.Require();
        // Without mpirun, from its first step on.
        (string whole, string run) = (_folder.PathOf("whole"), _folder.PathOf("run"));
        Assert.Equal(0, AlexNetCommand.Run(["train", Data, "--out", whole, "--epochs", "4", .. s_settings]).ExitCode);
        foreach ((int processes, string exchange) in new[] { (1, "auto"), (2, "factors"), (3, "dense") })
        {
            string[] first = processes == 1 ? [Data, .. s_settings] : ["--resume"];
            AlexNetProcess.Result result = MpiRun.Run(
                processes, ["train", "--out", run, "--epochs", $"{processes}", "--exchange", exchange, .. first]);
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.Single(result.OutputLines, line => line.StartsWith("epoch ", StringComparison.Ordinal));
        }
        Assert.Equal(0, AlexNetCommand.Run("train", "--out", run, "--resume", "--epochs", "4").ExitCode);
        Same(whole, run);
    }

    [Theory]
    [InlineData(2, false, "--batch-size", "4")]
    [InlineData(3, true, "--batch-size", "20", "--ten-crop")]
    public void AnEvaluationIsSharedAndHasTheNumbersOfOneProcess(int processes, bool files, params string[] options)
    {
        MpiRun.Require();
        string model = _folder.PathOf("model.safetensors"), data = files ? WriteFiles() : Data;
        Assert.Equal(0, AlexNetCommand.Run("init", model, "--network", "cifar10-quick").ExitCode);
        string names = _folder.Write("names.txt", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 10))));
        string[] Arguments(string name) => ["eval", model, data, "--class-names", names, "--mistakes", "7", "--json", _folder.PathOf(name), "--out", _folder.PathOf("eval"), .. options];
        Assert.Equal(0, AlexNetCommand.Run(Arguments("alone.json")).ExitCode);
        AlexNetProcess.Result result = MpiRun.Run(processes, Arguments("shared.json"));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(File.ReadAllText(_folder.PathOf("alone.json")), File.ReadAllText(_folder.PathOf("shared.json")));
        Assert.Single(result.OutputLines, line => line.Contains("top-1", StringComparison.Ordinal) && line.Contains("images", StringComparison.Ordinal));

        string WriteFiles()
        {
            for (int i = 0; i < 23; i++)
                _folder.Write($"files/{i % 10}/{i}.png", Images.TestImages.Encode(40 + i, 44, SkiaSharp.SKEncodedImageFormat.Png, out _));
            return _folder.PathOf("files");
        }
    }

    [Fact]
    public void AnEvaluationOfAnotherModelIsRefused()
    {
        MpiRun.Require();
        foreach ((string folder, string seed) in new[] { ("first", "1"), ("second", "2") })
        {
            Directory.CreateDirectory(_folder.PathOf(folder));
            Assert.Equal(0, AlexNetCommand.Run("init", _folder.PathOf($"{folder}/model.safetensors"), "--network", "cifar10-quick", "--seed", seed).ExitCode);
        }
        string names = _folder.Write("names.txt", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 10))));
        string[] arguments = ["eval", "/proc/self/cwd/model.safetensors", Data, "--class-names", names, "--out", _folder.PathOf("eval")];
        using Process process = MpiRun.StartParts([(1, _folder.PathOf("first"), arguments), (1, _folder.PathOf("second"), arguments)]);
        AlexNetProcess.Result result = MpiRun.Finish(process);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not the file of rank 0", Assert.Single(result.ErrorLines, line => line.StartsWith("alexnet eval: ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    /// <summary>One run that is asked to stop, hangs, and loses each of its processes: every time it ends as it should, and goes on from its checkpoint.</summary>
    [Fact]
    public void ARunThatIsStoppedHangsOrIsKilledEndsAndGoesOnFromItsCheckpoint()
    {
        MpiRun.Require();
        const int epochs = 60;
        (string whole, string run) = (_folder.PathOf("whole"), _folder.PathOf("run"));
        Assert.Equal(0, AlexNetCommand.Run(["train", Data, "--out", whole, "--epochs", $"{epochs}", "--checkpoint-steps", "3", .. s_settings]).ExitCode);

        (AlexNetProcess.Result result, _) = Signaled(run, 1, "-TERM", ["train", Data, "--out", run, "--epochs", "100000", "--checkpoint-steps", "3", .. s_settings]);
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("--resume", result.Error, StringComparison.Ordinal);

        (result, TimeSpan time) = Signaled(run, 1, "-STOP", "train", "--out", run, "--resume");
        Assert.Equal(1, result.ExitCode);
        string line = Assert.Single(result.ErrorLines, line => line.Contains("sign of life", StringComparison.Ordinal));
        Assert.Matches("^host .* rank 1 has given no sign of life for 1[0-9] s: it was stopped or hangs; all processes end$", line);
        // Twice the silence, where each look for signs is late by as much again, and the seconds in which the launcher ends a process that is stopped.
        Assert.True(time < 2 * MpiProcessGroup.DefaultSilence + s_launcher, $"ended {time} after the signal");

        for (int rank = 0; rank < 2; rank++)
        {
            (result, time) = Signaled(run, rank, "-KILL", "train", "--out", run, "--resume");
            Assert.NotEqual(0, result.ExitCode);
            Assert.True(time < s_launcher, $"ended {time} after the kill");
            Assert.Contains($"rank {rank}", result.Error, StringComparison.Ordinal);
        }

        // As many epochs as there are in all, wherever the signals hit.
        int done = File.ReadLines(Path.Combine(run, "metrics.csv")).Count() - 1;
        Assert.True(done < epochs, $"{done} epochs were done before the last kill");
        result = AlexNetCommand.Run("train", "--out", run, "--resume", "--epochs", $"{epochs}");
        Assert.True(result.ExitCode == 0, result.Error);
        Same(whole, run);
    }

    [Fact]
    public void AProcessWithOtherImagesIsNamed()
    {
        MpiRun.Require();
        // The same path, but in each process's own working folder.
        WriteBars("first/images", 150, seed: 1);
        WriteBars("second/images", 150, seed: 2);
        string[] arguments = ["train", "/proc/self/cwd/images", "--out", _folder.PathOf("run"), "--epochs", "1", .. s_settings];
        using Process process = MpiRun.StartParts([(1, _folder.PathOf("first"), arguments), (1, _folder.PathOf("second"), arguments)]);
        AlexNetProcess.Result result = MpiRun.Finish(process);
        Assert.Equal(1, result.ExitCode);
        string line = Assert.Single(result.ErrorLines, line => line.StartsWith("alexnet train: ", StringComparison.Ordinal));
        Assert.Contains("rank 1 are not those of rank 0", line, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeSharedIsRefusedOnce()
    {
        MpiRun.Require();
        string run = _folder.PathOf("run");
        AlexNetProcess.Result result = MpiRun.Run(2, "train", Data, "--out", run, "--network", "cifar10-quick", "--batch-size", "8", "--part-size", "8");
        Assert.Equal(2, result.ExitCode);
        string line = Assert.Single(result.ErrorLines, line => line.StartsWith("alexnet", StringComparison.Ordinal));
        Assert.Contains("2 processes, but the 8 images of a step are 1 part of 8", line, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutALibraryItSaysWhatToDo()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run("train", Data, "--out", _folder.PathOf("run"), "--mpi", _folder.PathOf("libnothing.so"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("this MPI library cannot be loaded", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void TheBenchmarkSaysHowProcessesScale()
    {
        MpiRun.Require();
        string json = _folder.PathOf("scaling.json");
        AlexNetProcess.Result result = MpiRun.Run(
            2, "bench", "--network", "cifar10-quick", "--gradients", "all", "--batch-size", "8", "--batches", "100", "--exchange", "dense", "--json", json);
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(json));
        Assert.Equal(2, report.RootElement.GetProperty("processes").GetInt32());
        Assert.Equal(0, report.RootElement.GetProperty("allocated_bytes").GetInt64());
        double sent = report.RootElement.GetProperty("bytes_sent").GetDouble(), least = report.RootElement.GetProperty("least_bytes").GetDouble();
        // Padding to whole panels travels too.
        Assert.InRange(sent, least, 1.5 * least);
    }

    /// <summary>Runs two processes, sends one a signal when there is a checkpoint or a finished epoch, and waits for the end.</summary>
    private static (AlexNetProcess.Result Result, TimeSpan Time) Signaled(string run, int rank, string signal, params string[] arguments)
    {
        string last = Path.Combine(run, "checkpoints", "last.safetensors");
        DateTime before = File.GetLastWriteTimeUtc(last);
        using Process process = MpiRun.Start(2, arguments);
        Assert.True(SpinWait.SpinUntil(() => File.GetLastWriteTimeUtc(last) != before || process.HasExited, TimeSpan.FromMinutes(2)));
        MpiRun.Signal(MpiRun.ProcessOf(rank, run), signal);
        long start = Stopwatch.GetTimestamp();
        AlexNetProcess.Result result = MpiRun.Finish(process);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        // They hold the folder's lock.
        MpiRun.WaitForEnd(run, processes: 2);
        return (result, time);
    }

    private static void Same(string expected, string found)
    {
        Assert.Equal(
            TrainCommandTests.Tensors(Path.Combine(expected, "checkpoints", "last.safetensors")),
            TrainCommandTests.Tensors(Path.Combine(found, "checkpoints", "last.safetensors")));
        Assert.Equal(Losses(expected), Losses(found));

        // The columns before the times.
        static string[] Losses(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..^2]))];
    }

    /// <summary>Gray images of 12×12 with a bright bar; the class is the row or column of the bar.</summary>
    private void WriteBars(string folder, int count, int seed)
    {
        const int side = 12;
        foreach ((string name, int images, int salt) in new[] { ("train", count, 0), ("t10k", 45, 100) })
        {
            byte[] pixels = new byte[16 + images * side * side], labels = new byte[8 + images];
            BinaryPrimitives.WriteInt32BigEndian(pixels, 0x803);
            foreach ((int place, int value) in new[] { (4, images), (8, side), (12, side) })
                BinaryPrimitives.WriteInt32BigEndian(pixels.AsSpan(place), value);
            BinaryPrimitives.WriteInt32BigEndian(labels, 0x801);
            BinaryPrimitives.WriteInt32BigEndian(labels.AsSpan(4), images);
            new System.Random(seed + salt).NextBytes(pixels.AsSpan(16));
            for (int i = 0; i < images; i++)
            {
                int label = i % 10, place = 1 + label % 5 * 2;
                labels[8 + i] = (byte)label;
                for (int t = 0; t < side; t++)
                    pixels[16 + i * side * side + (label < 5 ? place * side + t : t * side + place)] = 255;
            }
            _folder.Write($"{folder}/{name}-images-idx3-ubyte", pixels);
            _folder.Write($"{folder}/{name}-labels-idx1-ubyte", labels);
        }
    }
}
