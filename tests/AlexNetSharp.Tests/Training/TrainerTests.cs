using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class TrainerTests
{
    [Fact]
    public void ASmallNetworkLearnsToTellBarsApart()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(400, 32, seed: 1, orderSeed: 7), SmallTraining.Images(200, 32, seed: 2),
            new TrainerOptions { Epochs = 8, Schedule = new CosineRate(0.02, 8).WithWarmup(5) }, threads: 2);
        Trainer trainer = cpu.Trainer;
        var epochs = new List<EpochMetrics>();
        int steps = 0;
        trainer.EpochDone += epochs.Add;
        trainer.StepDone += _ => steps++;
        trainer.Run(TestContext.Current.CancellationToken);

        Assert.Equal(8, epochs.Count);
        Assert.Equal(8 * 13, steps);
        Assert.Equal(104, epochs[^1].Step);
        Assert.Equal(400, epochs[^1].Training.Count);
        Assert.Equal(200, epochs[^1].Validation!.Value.Count);
        Assert.True(epochs[0].Training.Loss > 0.5, $"first epoch's loss {epochs[0].Training.Loss}");
        Assert.True(epochs[^1].Validation!.Value.Top1 > 0.95, $"validation top-1 {epochs[^1].Validation!.Value.Top1}");
        Assert.Equal(1, epochs[^1].Validation!.Value.Top5);
    }

    [Fact]
    public void ProgressIsReportedAfterTheEvents()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(20, 8, seed: 1), SmallTraining.Images(8, 8, seed: 2), new TrainerOptions { Epochs = 2, Schedule = new ConstantRate(0.01) });
        using var stop = new CancellationTokenSource();
        var told = new List<string>();
        cpu.Trainer.StepDone += step => told.Add($"event of step {step.Step}");
        cpu.Trainer.EpochDone += epoch => told.Add($"event of epoch {epoch.Epoch}");
        var steps = new Told<StepMetrics>(step =>
        {
            told.Add($"step {step.Step}");
            if (step.Step == 4)
                stop.Cancel();
        });
        var epochs = new Told<EpochMetrics>(epoch => told.Add($"epoch {epoch.Epoch}"));
        Assert.Throws<OperationCanceledException>(() => cpu.Trainer.Run(steps, epochs, stop.Token));
        string[] expected = ["event of step 1", "step 1", "event of step 2", "step 2", "event of step 3", "step 3", "event of epoch 1", "epoch 1", "event of step 4", "step 4"];
        Assert.Equal(expected, told);

        // The next run tells those alone who are named then.
        told.Clear();
        cpu.Trainer.Run(null, epochs, TestContext.Current.CancellationToken);
        Assert.Equal(["event of step 5", "event of step 6", "event of epoch 2", "epoch 2"], told);
    }

    [Theory]
    [InlineData(32, 8)]
    [InlineData(32, 7)]
    [InlineData(50, 16)]
    public void PartsOfABatchAccumulateToTheWhole(int batch, int part)
    {
        float[] whole = TwoEpochs(batch, 0, 2), parts = TwoEpochs(batch, part, 2);
        Compare.Close("weights", whole, parts, 1e-5);
    }

    [Fact]
    public void TheNumberOfThreadsChangesNoBit() =>
        Compare.SameBits("weights", TwoEpochs(32, 0, threads: 1), TwoEpochs(32, 0, threads: 3));

    [Fact]
    public void ClippingShortensTheGradientToTheNorm()
    {
        Network network = SmallTraining.Network();
        using var parameters = ParameterSet.Initialize(network, seed: 3);
        float[] before = SmallTraining.Values(parameters);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(16, 16, seed: 1), null,
            new TrainerOptions { Epochs = 1, Schedule = new ConstantRate(1), ClipNorm = 0.01 }, momentum: 0, weightDecay: 0);
        Trainer trainer = cpu.Trainer;
        trainer.Run(TestContext.Current.CancellationToken);
        double norm = Math.Sqrt(SmallTraining.Values(parameters).Zip(before, (a, b) => (double)(a - b) * (a - b)).Sum());
        Assert.Equal(0.01, norm, 1e-5);
    }

    [Fact]
    public void GroupsScaleRateAndDecay()
    {
        var network = new Network(
            "one",
            new AlexNetSharp.Tensors.Shape(1, 1, 2),
            [new Flatten("flatten"), new Linear("fc", 1, weightInitializer: Initializer.Constant(1))]);
        using var parameters = ParameterSet.Initialize(network, seed: 0);
        using var gradients = new ParameterSet(network);
        gradients["fc.weight"].CopyFrom([1, 2]);
        using var plan = new Plan(network, parameters, new PlanOptions { Threads = 1, Gradients = GradientScope.All });
        using var sgd = new Sgd(plan, [new("fc.*") { LearningRateFactor = 2, WeightDecayFactor = 10 }]) { Momentum = 0.5f, WeightDecay = 0.125f };
        sgd.Step(gradients, 0.25f);
        sgd.Step(gradients, 0.25f);
        // v = 1 + 1.25·1 = 2.25, w = 1 − 0.5·2.25 = −0.125; v = 1.125 + 1 − 0.15625 = 1.96875, w = −0.125 − 0.984375
        var weight = new float[2];
        parameters["fc.weight"].CopyTo(weight);
        Assert.Equal(-1.109375f, weight[0]);
    }

    [Fact]
    public void ALossThatIsNoNumberEndsTheTraining()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(400, 32, seed: 1), null, new TrainerOptions { Epochs = 50, Schedule = new ConstantRate(1e6) });
        Trainer trainer = cpu.Trainer;
        var e = Assert.Throws<TrainingDivergedException>(() => trainer.Run(TestContext.Current.CancellationToken));
        Assert.Contains("learning rate", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsThatBecameInfiniteInAnEpochsLastStepEndTheTrainingBeforeAnythingIsSaved()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        // One step an epoch: its loss is finite, its update is not.
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(32, 32, seed: 1), null, new TrainerOptions { Epochs = 5, Schedule = new ConstantRate(1e38) });
        Trainer trainer = cpu.Trainer;
        int epochs = 0;
        trainer.EpochDone += _ => epochs++;
        var e = Assert.Throws<TrainingDivergedException>(() => trainer.Run(TestContext.Current.CancellationToken));
        Assert.Contains("the weights are not finite", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, epochs);
    }

    [Fact]
    public void ValidationEveryThirdEpochAndAfterTheLast()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(32, 32, seed: 1), SmallTraining.Images(8, 8, seed: 2),
            new TrainerOptions { Epochs = 7, ValidationEpochs = 3, Schedule = new ConstantRate(0.001) });
        Trainer trainer = cpu.Trainer;
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal([3, 6, 7], trainer.State.History.Where(epoch => epoch.Validation is not null).Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void NetworksAndImagesThatDoNotFitAreRefused()
    {
        using var parameters = new ParameterSet(CudaConvnet.Quick());
        var e = Assert.Throws<ArgumentException>(
            () => new CpuTraining(parameters, SmallTraining.Images(4, 4, seed: 1), null, new TrainerOptions()));
        Assert.Contains("[12, 12, 3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StepsAllocateNothingAndManyStepsLeakNothing()
    {
        Network network = SmallTraining.Network(dropout: 0.3f);
        using var parameters = ParameterSet.Initialize(network, seed: 1);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(2000 * 4, 4, seed: 1), null,
            new TrainerOptions { Epochs = 1, Schedule = new ConstantRate(0.001), ClipNorm = 5 });
        Trainer trainer = cpu.Trainer;
        var allocated = new List<long>(16);
        trainer.StepDone += metrics =>
        {
            if (metrics.StepInEpoch % 200 == 0)
                allocated.Add(GC.GetAllocatedBytesForCurrentThread());
        };
        trainer.Run(TestContext.Current.CancellationToken);
        long[] each = [.. allocated.Zip(allocated.Skip(1), (before, after) => after - before)];
        Assert.Equal(9, each.Length);
        // Once, under load, the runtime allocates for a wait that it had not needed before; what a step allocates would be in every two hundred of them.
        Assert.True(each.Count(bytes => bytes > 0) <= 1, string.Join(", ", each));
    }

    private static float[] TwoEpochs(int batch, int part, int threads)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 4);
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(75, batch, seed: 5, orderSeed: 6), null,
            new TrainerOptions { Epochs = 2, Schedule = new ConstantRate(0.005) }, threads: threads, microBatch: part);
        Trainer trainer = cpu.Trainer;
        trainer.Run(TestContext.Current.CancellationToken);
        return SmallTraining.Values(parameters);
    }

    /// <summary>Told at once, on the thread that reports.</summary>
    private sealed class Told<T>(Action<T> tell) : IProgress<T>
    {
        public void Report(T value) => tell(value);
    }
}
