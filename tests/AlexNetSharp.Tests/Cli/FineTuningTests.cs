using System.Globalization;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Tests.Inference;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>alexnet train --from</c>: what is taken, what is frozen, what is kept, and what is refused.</summary>
public sealed class FineTuningTests : IDisposable
{
    private static readonly string[] s_classes = ["dark", "light", "striped"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public FineTuningTests()
    {
        _model = _folder.PathOf("model.safetensors");
        using Model model = InferenceModels.Small();
        ModelFile.Save(_model, model);
        foreach (string name in s_classes)
            for (int i = 0; i < 20; i++)
                Image(name, i);
    }

    private string Data => _folder.PathOf("photos");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheHeadLearnsAndEverythingElseStaysBitForBit()
    {
        string run = _folder.PathOf("run");
        AlexNetProcess.Result result = Train(run, "--epochs", "12");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("195 of ", result.Output, StringComparison.Ordinal);
        Assert.Contains("no validation images: holding out 20 % of each class", result.Error, StringComparison.Ordinal);
        using Model before = ModelFile.Load(_model), after = ModelFile.Load(run);
        Assert.Equal(s_classes, after.Classes.Select(c => c.Id));
        Assert.Equal(before.Preprocessing, after.Preprocessing);
        foreach (Parameter parameter in after.Parameters.Parameters.Where(p => !p.Name.StartsWith("fc10", StringComparison.Ordinal)))
            Compare.SameBits(parameter.Name, NarrowNetworks.Dense(before.Parameters[parameter.Name]), NarrowNetworks.Dense(parameter));
        // No momentum for what is frozen.
        using TensorFile file = TensorFile.Open(RunFolder.LastCheckpointOf(run));
        Assert.Equal(["optimizer/fc10.bias", "optimizer/fc10.weight"], file.Tensors.Select(t => t.Name).Where(name => name.StartsWith("optimizer/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        result = AlexNetCommand.Run("eval", run, Data);
        Assert.Contains("the 20 % that the run validated on", result.Output, StringComparison.Ordinal);
        Assert.Contains("12 images", result.Output, StringComparison.Ordinal);
        string[] losses = File.ReadAllLines(Path.Combine(run, "metrics.csv"));
        Assert.True(Loss(losses[^1]) < 0.8 * Loss(losses[1]), string.Join('\n', losses));

        static double Loss(string line) => double.Parse(line.Split(',')[3], CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("sgd", "all-but-last")]
    [InlineData("adamw", "all-but-last")]
    [InlineData("sgd", "conv")]
    [InlineData("adamw", "none")]
    public void ARunThatContinuesEndsWithTheSameBits(string optimizer, string freeze)
    {
        string[] options = ["--schedule", "constant", "--learning-rate", "0.0005", "--optimizer", optimizer, "--freeze", freeze, "--patience", "0", "--rate", "fc10=2"];
        string whole = _folder.PathOf("whole"), parts = _folder.PathOf("parts");
        Assert.Equal(0, Train(whole, [.. options, "--epochs", "4"]).ExitCode);
        Assert.Equal(0, Train(parts, [.. options, "--epochs", "2"]).ExitCode);
        AlexNetProcess.Result result = AlexNetCommand.Run("train", "--out", parts, "--resume", "--epochs", "4");
        Assert.True(result.ExitCode == 0, result.Error);
        // Frozen layers were computed by the first run of the two.
        Assert.Equal(freeze != "none", result.Error.Contains("found in", StringComparison.Ordinal));
        Assert.Equal(TrainCommandTests.Tensors(RunFolder.LastCheckpointOf(whole)), TrainCommandTests.Tensors(RunFolder.LastCheckpointOf(parts)));
    }

    [Fact]
    public void AugmentedImagesAreComputedInEveryEpoch()
    {
        string run = _folder.PathOf("run");
        AlexNetProcess.Result result = Train(run, "--epochs", "2", "--flip", "--freeze", "conv2");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.False(Directory.Exists(Path.Combine(run, "features")));
        using Model before = ModelFile.Load(_model), after = ModelFile.Load(run);
        Compare.SameBits("conv2", NarrowNetworks.Dense(before.Parameters["conv2.weight"]), NarrowNetworks.Dense(after.Parameters["conv2.weight"]));
        Assert.NotEqual(NarrowNetworks.Dense(before.Parameters["conv3.weight"]), NarrowNetworks.Dense(after.Parameters["conv3.weight"]));
    }

    [Fact]
    public void TheSameClassesKeepTheHeadInTheOrderOfTheData()
    {
        ParameterSet weights = NarrowNetworks.RandomWeights(CudaConvnet.Quick(3), seed: 4);
        using var model = new Model(weights, InferenceModels.SmallPreprocessing, [new("c", "C"), new("a", "A"), new("b", "B")]);
        var settings = TrainSettings.Default.WithModel("m.safetensors");
        using var kept = new StartingModel(settings, model, ["a", "b", "c"], 10, augmented: false, continued: false);
        Assert.False(kept.HasNewHead);
        float[] from = NarrowNetworks.Dense(weights["fc10.weight"]), to = NarrowNetworks.Dense(kept.Parameters["fc10.weight"]);
        for (int i = 0; i < 64; i++)
            Assert.Equal([from[3 * i + 1], from[3 * i + 2], from[3 * i]], to[(3 * i)..(3 * i + 3)]);
        // Other classes, or --new-head: the head begins anew although it has the same size.
        using var fresh = new StartingModel(settings with { NewHead = true }, model, ["a", "b", "c"], 10, augmented: false, continued: false);
        Assert.True(fresh.HasNewHead);
        Assert.All(NarrowNetworks.Dense(fresh.Parameters["fc10.weight"]), value => Assert.InRange(value, -0.06f, 0.06f));
    }

    [Theory]
    [InlineData(5000, false, "all-but-last")]
    [InlineData(5001, false, "conv")]
    [InlineData(10, true, "conv")]
    public void WhatIsFrozenFollowsFromTheImages(int images, bool augmented, string expected) =>
        Assert.Equal(expected, StartingModel.DefaultFreeze(images, augmented));

    [Fact]
    public void WhatCannotBeIsRefused()
    {
        Refused(2, "--freeze: network 'cifar10-quick' has no layer 'conv9'; did you mean 'conv1'?", "--from", _model, "--freeze", "conv9");
        Refused(2, "--freeze fc10 leaves nothing to learn", "--from", _model, "--freeze", "fc10");
        Refused(2, "--rate: network 'cifar10-quick' has no parameter that matches 'fc9.*'", "--from", _model, "--rate", "fc9=0.1");
        Refused(2, "--rate must be layers, each with a factor", "--from", _model, "--rate", "fc10");
        Refused(2, "--freeze requires --from; specify both", "--freeze", "conv");
        Refused(2, "--from and --network cannot be combined", "--from", _model, "--network", "paper");
        Refused(1, "missing.pth: no such file", "--from", _folder.PathOf("missing.pth"));

        void Refused(int exitCode, string message, params string[] options)
        {
            AlexNetProcess.Result result = AlexNetCommand.Run(["train", Data, "--out", _folder.PathOf("refused"), .. options]);
            Assert.Equal(exitCode, result.ExitCode);
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }
    }

    private AlexNetProcess.Result Train(string run, params string[] options) =>
        AlexNetCommand.Run(["train", Data, "--from", _model, "--out", run, .. options]);

    private void Image(string name, int seed)
    {
        Directory.CreateDirectory(Path.Combine(Data, name));
        var random = new System.Random(seed);
        byte[] png = TestImages.Encode(40, 36, SKEncodedImageFormat.Png, out _, (x, _, _) => (byte)(random.Next(60) + name switch
        {
            "dark" => 0,
            "light" => 190,
            _ => x / 4 % 2 * 180,
        }));
        File.WriteAllBytes(Path.Combine(Data, name, FormattableString.Invariant($"{seed}.png")), png);
    }
}
