using System.Text.RegularExpressions;
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
    public void A_training_that_was_stopped_ends_with_the_same_bits(int stopAfter)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        (float[] expected, IReadOnlyList<EpochMetrics> expectedHistory) = Train(null, int.MaxValue, path);
        Train(null, stopAfter, path);
        using (Checkpoint checkpoint = Checkpoint.Open(path))
        {
            Assert.Equal(stopAfter, checkpoint.Header.State.Step);
            Assert.Equal(["a", "b", "c", "d"], checkpoint.Header.Classes);
            (float[] actual, IReadOnlyList<EpochMetrics> history) = Train(checkpoint, int.MaxValue, path + "2");
            Compare.SameBits("weights", expected, actual);
            Assert.Equal(
                expectedHistory.Select(e => (e.Epoch, e.Step, e.LearningRate, e.Training, e.Validation)),
                history.Select(e => (e.Epoch, e.Step, e.LearningRate, e.Training, e.Validation)));
        }
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 3, path);
        byte[] before = File.ReadAllBytes(path);
        Assert.Throws<DirectoryNotFoundException>(() => Train(null, 5, Path.Combine(folder.Path, "gone", "last.safetensors")));
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void Weights_alone_are_no_checkpoint()
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
    public void Names_that_are_none_are_refused(string? name)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 1, path, name);
        var e = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path).Dispose());
        Assert.Contains("the name of the network or of a class", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_network_or_seed_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "last.safetensors");
        Train(null, 3, path);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using var other = new ParameterSet(CudaConvnet.Quick());
        Assert.Matches(new Regex("'conv1.weight'.*network 'small'"), Assert.Throws<InvalidDataException>(() => checkpoint.CopyTo(other)).Message);

        using var parameters = new ParameterSet(SmallTraining.Network());
        using var trainer = new Trainer(
            parameters.Network, parameters, SmallTraining.Pictures(8, 8, seed: 1), null, new TrainerOptions { Seed = 99, Threads = 1 });
        Assert.Contains("seed 11", Assert.Throws<ArgumentException>(() => checkpoint.Restore(trainer)).Message, StringComparison.Ordinal);
    }

    private static (float[] Weights, IReadOnlyList<EpochMetrics> History) Train(Checkpoint? from, int stopAfter, string path, string? lastClass = "d")
    {
        Network network = SmallTraining.Network(dropout: 0.5f);
        using var parameters = ParameterSet.Initialize(network, seed: 11);
        using var trainer = new Trainer(
            network,
            parameters,
            SmallTraining.Pictures(Steps * 8 - 3, 8, seed: 1, orderSeed: 3),
            SmallTraining.Pictures(10, 8, seed: 2),
            new TrainerOptions { Epochs = Epochs, Seed = 11, Threads = 1, ClipNorm = 1, Schedule = new PlateauRate(0.01, Patience: 0, Gamma: 0.5) });
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
        Checkpoint.Save(path, trainer, ["a", "b", "c", lastClass!]);
        return (SmallTraining.Values(parameters), trainer.State.History);
    }
}
