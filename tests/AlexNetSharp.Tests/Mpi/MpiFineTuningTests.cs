using AlexNetSharp.Models;
using AlexNetSharp.Tests.Cli;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Tests.Inference;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Tests.Mpi;

/// <summary><c>mpirun alexnet train --from</c>: fine-tuning on several processes, with the bits of one.</summary>
[Collection(LongestFirst.Prefix + nameof(MpiFineTuningTests))]
public sealed class MpiFineTuningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public MpiFineTuningTests()
    {
        _model = _folder.PathOf("model.safetensors");
        using Model model = InferenceModels.Small();
        ModelFile.Save(_model, model);
        // As many of each class as no batch divides.
        for (int i = 0; i < 39; i++)
            _folder.Write($"photos/{(i % 3 == 0 ? "one" : i % 3 == 1 ? "two" : "three")}/{i}.png", TestImages.Encode(40 + i, 48 + i * 7 % 11, SKEncodedImageFormat.Png, out _));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3, "all-but-last", "sgd")]
    [InlineData(2, "conv", "adamw")]
    [InlineData(3, "none", "sgd")]
    [InlineData(2, "conv2", "sgd", "--flip")]
    public void SeveralProcessesGiveTheBitsOfOne(int processes, string freeze, string optimizer, params string[] more)
    {
        MpiRun.Require();
        // Each in a folder of its own, so that none finds the features of another.
        string alone = _folder.PathOf("a/run");
        string[] options = ["--freeze", freeze, "--optimizer", optimizer, "--epochs", "3", "--batch-size", "10", "--part-size", "3", "--patience", "0", "--seed", "3", "--threads", "1", .. more];
        string[] Arguments(string run) => ["train", _folder.PathOf("photos"), "--from", _model, "--out", run, .. options];
        AlexNetProcess.Result result = AlexNetCommand.Run(Arguments(alone));
        Assert.True(result.ExitCode == 0, result.Error);
        string shared = _folder.PathOf("b/run");
        result = MpiRun.Run(processes, Arguments(shared));
        Assert.True(result.ExitCode == 0, result.Error);
        Same(alone, shared);
        Assert.Equal(Directory.Exists(Path.Combine(alone, "features")), Directory.Exists(Path.Combine(shared, "features")));
    }

    [Theory]
    [InlineData("2000", 2, 3)]
    [InlineData("0", 3, 2)]
    public void ARunGoesOnWithAnotherNumberOfProcessesAndItsFeatures(string cache, int first, int second)
    {
        MpiRun.Require();
        (string whole, string run) = (_folder.PathOf("a/run"), _folder.PathOf("b/run"));
        string[] options = ["--from", _model, "--batch-size", "10", "--part-size", "3", "--patience", "0", "--schedule", "constant", "--cache", cache];
        AlexNetProcess.Result result = AlexNetCommand.Run(["train", _folder.PathOf("photos"), "--out", whole, "--epochs", "4", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        result = MpiRun.Run(first, ["train", _folder.PathOf("photos"), "--out", run, "--epochs", "2", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        result = MpiRun.Run(second, "train", "--out", run, "--resume", "--epochs", "3");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.True(result.Error.Contains("found in", StringComparison.Ordinal), result.Error);
        Assert.Equal(0, AlexNetCommand.Run("train", "--out", run, "--resume", "--epochs", "4").ExitCode);
        Same(whole, run);
    }

    private static void Same(string expected, string found)
    {
        Assert.Equal(TrainCommandTests.Tensors(RunFolder.LastCheckpointOf(expected)), TrainCommandTests.Tensors(RunFolder.LastCheckpointOf(found)));
        Assert.Equal(Losses(expected), Losses(found));

        // The columns before the times.
        static string[] Losses(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..^2]))];
    }
}
