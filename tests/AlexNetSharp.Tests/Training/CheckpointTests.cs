using System.Text.Json.Nodes;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class CheckpointTests
{
    private const int Epochs = 3, Steps = 7;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(20)]
    public void ATrainingThatWasStoppedEndsWithTheSameBits(int stopAfter)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        (float[] expected, IReadOnlyList<EpochMetrics> expectedHistory) = Train(null, int.MaxValue, path);
        Train(null, stopAfter, path);
        using (Checkpoint checkpoint = Checkpoint.Open(path))
        {
            Assert.Equal(stopAfter, checkpoint.Header.State.Step);
            Assert.Equivalent(SmallTraining.ClassNames, checkpoint.Classes, strict: true);
            Assert.Equal(SmallTraining.Network(dropout: 0.5f).ToJson(), checkpoint.Network.ToJson());
            (float[] actual, IReadOnlyList<EpochMetrics> history) = Train(checkpoint, int.MaxValue, path + "2");
            Compare.SameBits("weights", expected, actual);
            Assert.Equal(
                expectedHistory.Select(e => (e.Epoch, e.Step, e.LearningRate, e.Training, e.Validation)),
                history.Select(e => (e.Epoch, e.Step, e.LearningRate, e.Training, e.Validation)));
        }
    }

    [Fact]
    public void AFailedWriteLeavesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 3, path);
        byte[] before = File.ReadAllBytes(path);
        Assert.Throws<DirectoryNotFoundException>(() => Train(null, 5, Path.Combine(folder.Path, "gone", "last.safetensors")));
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void WeightsAloneAreNoCheckpoint()
    {
        var e = Assert.Throws<InvalidDataException>(
            () => Checkpoint.Open(Path.Combine(AppContext.BaseDirectory, "Golden", "tiny-alexnet.safetensors")));
        Assert.Contains("no state of a training", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u001b[2Jb")]
    [InlineData("two\nlines")]
    [InlineData("")]
    [InlineData(null)]
    public void NamesThatAreNoneAreRefused(string? name)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 1, path);
        string damaged = Edit(path, header => header["classes"]!.AsArray()[3]!["name"] = name, "alexnetsharp.model");
        var e = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(damaged).Dispose());
        Assert.StartsWith($"{damaged}: metadata alexnetsharp.model: ", e.Message, StringComparison.Ordinal);
        // And no training writes such a file.
        byte[] before = File.ReadAllBytes(path);
        Assert.Contains("rename it", Assert.Throws<ArgumentException>(() => Train(null, 1, path, name)).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Theory]
    [CombinatorialData]
    public void ATrainingWithAdamWAndFrozenLayersContinuesWithTheSameBits(bool frozen)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        ParameterGroup[] groups = frozen ? [new("conv1.*") { Frozen = true }] : [];
        float[] expected = TrainAdamW(null, groups, int.MaxValue, path);
        TrainAdamW(null, groups, 9, path);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Compare.SameBits("weights", expected, TrainAdamW(checkpoint, groups, int.MaxValue, path + "2"));
        using TensorFile file = TensorFile.Open(path);
        string[] state = [.. file.Tensors.Select(tensor => tensor.Name).Where(name => name.StartsWith("optimizer/", StringComparison.Ordinal))];
        Assert.Equal(2 * (frozen ? 4 : 6) + 1, state.Length);
        Assert.Contains("optimizer/fc1.weight.exp_avg", state);
        Assert.Contains("optimizer/fc2.bias.exp_avg_sq", state);
        Assert.Equal(9, file.Tensors.Single(tensor => tensor.Name == "optimizer/step").ToArray()[0]);
        Assert.Equal(!frozen, state.Contains("optimizer/conv1.weight.exp_avg"));
        // SGD's velocities are not in it.
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(dropout: 0.5f), seed: 11);
        using var cpu = new CpuTraining(parameters, SmallTraining.Images(Steps * 8 - 3, 8, seed: 1, orderSeed: 3), null, new TrainerOptions(), seed: 11);
        Assert.Contains("tensor 'optimizer/", Assert.Throws<InvalidDataException>(() => checkpoint.Restore(cpu.Trainer)).Message, StringComparison.Ordinal);
    }

    private static float[] TrainAdamW(Checkpoint? from, ParameterGroup[] groups, int stopAfter, string path)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(dropout: 0.5f), seed: 11);
        using var plan = new Plan(
            parameters.Network, parameters, new PlanOptions { BatchSize = 8, Threads = 1, Seed = 11, Gradients = GradientScope.Learning(groups) });
        using var optimizer = new AdamW(plan, groups);
        using var trainer = new Trainer(
            plan, optimizer, SmallTraining.Images(Steps * 8 - 3, 8, seed: 1, orderSeed: 3), null,
            new TrainerOptions { Epochs = Epochs, Schedule = new ConstantRate(0.01) });
        from?.Restore(trainer);
        using var stop = new CancellationTokenSource();
        trainer.StepDone += step =>
        {
            if (step.Step == stopAfter)
                stop.Cancel();
        };
        try
        {
            trainer.Run(stop.Token);
        }
        catch (OperationCanceledException)
        {
        }
        Checkpoint.Save(path, trainer);
        return SmallTraining.Values(parameters);
    }

    [Fact]
    public void AnotherNetworkOrSeedIsRefused()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 3, path);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using var other = new ParameterSet(new Network("other", SmallTraining.Shape, SmallTraining.Network(dropout: 0.4f).Layers));
        using var another = new CpuTraining(other, SmallTraining.Images(Steps * 8 - 3, 8, seed: 1), null, new TrainerOptions(), seed: 11);
        Assert.Contains("belongs to network 'small'", Assert.Throws<InvalidDataException>(() => checkpoint.Restore(another.Trainer)).Message, StringComparison.Ordinal);

        using var parameters = new ParameterSet(SmallTraining.Network());
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(8, 8, seed: 1), null, new TrainerOptions(), seed: 99);
        Trainer trainer = cpu.Trainer;
        Assert.Contains("seed 11", Assert.Throws<ArgumentException>(() => checkpoint.Restore(trainer)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Steps * 8 - 4, 8, 0, "53 images in batches of 8, 8 computed at once, but here are 52")]
    [InlineData(Steps * 9 - 10, 8, 4, "here are 53 images in batches of 8, 4 computed at once")]
    [InlineData(Steps * 8 - 3, 9, 0, "here are 53 images in batches of 9")]
    public void OtherImagesOrAnotherBatchSizeAreRefusedBeforeAnythingChanges(int count, int batchSize, int microBatch, string message)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 3, path);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Refused(checkpoint, message, SmallTraining.Images(count, batchSize, seed: 1), microBatch);
    }

    [Fact]
    public void CheckpointsOfEarlierVersionsDoNotNameTheirImagesAndLoad()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        (float[] expected, _) = Train(null, 3, path);
        string old = Edit(path, header => Assert.True(header.Remove("pictures")));
        using Checkpoint checkpoint = Checkpoint.Open(old);
        Assert.Null(checkpoint.Header.Images);
        using Model model = ModelFile.Load(old);
        Compare.SameBits("weights", expected, SmallTraining.Values(model.Parameters));
        // What such a file says is enough to see that an epoch has other steps now.
        (_, _) = Train(null, 12, path);
        using Checkpoint later = Checkpoint.Open(Edit(path, header => header.Remove("pictures")));
        Refused(later, "an epoch has 6 steps here", SmallTraining.Images(48, 8, seed: 1), microBatch: 0);
    }

    [Theory]
    [InlineData("step", "contradicts itself")]
    [InlineData("step_in_epoch", "contradicts itself")]
    [InlineData("epoch", "contradicts itself")]
    [InlineData("history", "entry 0 of the training's history is not about epoch 1")]
    public void AStateThatCannotBeIsDamage(string what, string message)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 12, path);
        string damaged = Edit(path, header =>
        {
            JsonObject state = header["state"]!.AsObject();
            if (what == "history")
                state["history"]!.AsArray()[0] = null;
            else
                state[what] = -1;
        });
        string found = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(damaged)).Message;
        Assert.StartsWith(damaged, found, StringComparison.Ordinal);
        Assert.Contains(message, found, StringComparison.Ordinal);
    }

    [Fact]
    public void AFingerprintIsOfNamesOrderAndClassesAndNotOfTheFolder()
    {
        string Of(params (string Name, int Label)[] images) => DatasetFingerprint.Of(new NamedImages(images));
        string expected = Of(("/a/cat/1.jpg", 0), ("/a/cat/2.jpg", 0), ("/a/dog/1.jpg", 1));
        Assert.Equal(expected, Of(("b/cat/1.jpg", 0), ("b/cat/2.jpg", 0), ("b/dog/1.jpg", 1)));
        string[] others =
        [
            Of(("/a/cat/1.jpg", 0), ("/a/cat/2.jpg", 0)),
            Of(("/a/cat/1.jpg", 0), ("/a/cat/3.jpg", 0), ("/a/dog/1.jpg", 1)),
            Of(("/a/cat/1.jpg", 0), ("/a/cat/2.jpg", 1), ("/a/dog/1.jpg", 1)),
            Of(("/a/cat/2.jpg", 0), ("/a/cat/1.jpg", 0), ("/a/dog/1.jpg", 1)),
        ];
        Assert.DoesNotContain(expected, others);
        Assert.Equal(others.Length, others.Distinct().Count());
    }

    /// <summary>Writes a checkpoint again, with another header.</summary>
    private static string Edit(string path, Action<JsonObject> edit, string key = "alexnetsharp.training")
    {
        using TensorFile file = TensorFile.Open(path);
        JsonObject header = JsonNode.Parse(file.Metadata[key])!.AsObject();
        edit(header);
        var sources = file.Tensors.Select(tensor => new TensorSource(tensor.Name, [.. tensor.Shape], (first, destination) => tensor.CopyRange(first, destination)));
        SafetensorsWriter.Write(path + ".edited", [.. sources], new Dictionary<string, string>(file.Metadata) { [key] = header.ToJsonString() });
        return path + ".edited";
    }

    private static void Refused(Checkpoint checkpoint, string message, IBatchSource images, int microBatch)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(dropout: 0.5f), seed: 11);
        using var cpu = new CpuTraining(parameters, images, null, new TrainerOptions(), microBatch: microBatch, seed: 11);
        Trainer trainer = cpu.Trainer;
        float[] before = SmallTraining.Values(parameters);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => checkpoint.Restore(trainer)).Message, StringComparison.Ordinal);
        Compare.SameBits("weights", before, SmallTraining.Values(parameters));
    }

    private sealed class NamedImages((string Name, int Label)[] images) : IImageDataset
    {
        public int Count => images.Length;

        public IReadOnlyList<string> Classes => ["a", "b"];

        public int Label(int index) => images[index].Label;

        public string Name(int index) => images[index].Name;

        public void Read(int index, PixelBuffer target) => throw new NotSupportedException();
    }

    private static (float[] Weights, IReadOnlyList<EpochMetrics> History) Train(Checkpoint? from, int stopAfter, string path, string? lastClass = "d")
    {
        Network network = SmallTraining.Network(dropout: 0.5f);
        using var parameters = ParameterSet.Initialize(network, seed: 11);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(Steps * 8 - 3, 8, seed: 1, orderSeed: 3), SmallTraining.Images(10, 8, seed: 2),
            new TrainerOptions { Epochs = Epochs, ClipNorm = 1, Schedule = new PlateauRate(0.01, patience: 0, gamma: 0.5) }, seed: 11);
        Trainer trainer = cpu.Trainer;
        from?.Restore(trainer);
        using var stop = new CancellationTokenSource();
        trainer.StepDone += step =>
        {
            if (step.Step == stopAfter)
                stop.Cancel();
        };
        try
        {
            trainer.Run(stop.Token);
        }
        catch (OperationCanceledException)
        {
        }
        Checkpoint.Save(path, trainer, classes: lastClass == "d" ? SmallTraining.ClassNames : [.. SmallTraining.ClassNames[..3], new("d", lastClass!)]);
        return (SmallTraining.Values(parameters), trainer.State.History);
    }
}
