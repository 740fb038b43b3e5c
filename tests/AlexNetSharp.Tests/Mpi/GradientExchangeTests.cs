using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Mpi;

/// <summary>A training is the same for any number of processes, bit for bit, however its gradients travel.</summary>
public class GradientExchangeTests
{
    // 75 images in batches of 20: the last batch has 15, which is three of the parts of five or six, and no images for the last process.
    [Theory]
    [InlineData(5, 4)]
    [InlineData(6, 4)]
    [InlineData(3, 4)]
    [InlineData(7, 3)]
    public void AnyNumberOfProcessesGivesTheSameBits(int partSize, int most)
    {
        (float[] weights, EpochMetrics[] history) = Assert.Single(Train(1, partSize, factors: false));
        Assert.Equal(2, history.Length);
        Assert.Equal(75, history[0].Training.Count);
        Assert.Equal(40, history[0].Validation!.Value.Count);
        for (int processes = 1; processes <= most; processes++)
            foreach (bool factors in (bool[])[false, true])
                foreach ((float[] theirs, EpochMetrics[] epochs) in Train(processes, partSize, factors))
                {
                    Assert.Equal(weights.Select(BitConverter.SingleToInt32Bits), theirs.Select(BitConverter.SingleToInt32Bits));
                    Assert.Equal(history.Select(epoch => (epoch.Training, epoch.Validation)), epochs.Select(epoch => (epoch.Training, epoch.Validation)));
                }
    }

    [Fact]
    public void PartsGiveTheGradientOfTheWholeBatch()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
        (float[] weights, _) = Assert.Single(Train(1, 20, factors: false));
        (float[] inParts, _) = Assert.Single(Train(1, 5, factors: true, dropout: false));
        (float[] atOnce, _) = Assert.Single(Train(1, 20, factors: false, dropout: false));
        Compare.Close("weights", atOnce, inParts, Tolerances.SmallTraining);
        Assert.Equal(weights.Length, inParts.Length);
    }

    [Fact]
    public void AllStopAfterTheSameStep()
    {
        long[] steps = LocalProcesses.Run(3, group =>
        {
            using var stop = new CancellationTokenSource();
            (_, long step) = Train(group, partSize: 5, factors: true, dropout: true, trainer => trainer.StepDone += metrics =>
            {
                if (group.Rank == 1 && metrics.Step == 5)
                    stop.Cancel();
            }, stop.Token);
            return step;
        });
        // The step that was under way when the signal came is the last.
        Assert.Equal([6, 6, 6], steps);
    }

    [Fact]
    public void TheBytesAreTheLeastThatAnExchangeNeeds()
    {
        (long sent, long size)[] all = LocalProcesses.Run(4, group =>
        {
            using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
            using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 5, Threads = 1, Gradients = GradientScope.All });
            using var exchange = new GradientExchange(group, plan, batchSize: 40);
            exchange.Backward(8, _ => plan.Forward());
            return (group.Sent, plan.Gradients!.StorageLength * sizeof(float));
        });
        foreach ((long sent, long size) in all)
            Assert.InRange(sent, 0.99 * 2 * 3 / 4 * size, 1.01 * 2 * 3 / 4 * size);
    }

    [Fact]
    public void MoreProcessesThanPartsAreRefused()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 16, Threads = 1, Gradients = GradientScope.All });
        string[] messages = LocalProcesses.Run(3, group => Assert.Throws<ArgumentException>(() => new GradientExchange(group, plan, batchSize: 32)).Message);
        Assert.All(messages, message => Assert.StartsWith("3 processes, but a batch of 32 images is 2 parts of 16", message, StringComparison.Ordinal));
    }

    private static (float[] Weights, EpochMetrics[] History)[] Train(int processes, int partSize, bool factors, bool dropout = true) =>
        LocalProcesses.Run(processes, group =>
        {
            EpochMetrics[] history = [];
            (float[] weights, _) = Train(group, partSize, factors, dropout, trainer => trainer.EpochDone += _ => history = [.. trainer.State.History], default);
            return (weights, history);
        });

    private static (float[] Weights, long Step) Train(
        IProcessGroup group, int partSize, bool factors, bool dropout, Action<Trainer> attach, CancellationToken cancellation)
    {
        Network network = SmallTraining.Network(dropout ? 0.5f : 0);
        using var parameters = ParameterSet.Initialize(network, seed: 4);
        using var plan = new Plan(network, parameters, new PlanOptions
        {
            BatchSize = partSize,
            Threads = 2,
            Gradients = GradientScope.All,
            Seed = 9,
            FactorLayers = factors ? ["fc1", "fc2"] : [],
        });
        using var sgd = new Sgd(plan) { WeightDecay = 0.001f };
        using var exchange = new GradientExchange(group, plan, batchSize: 20);
        using var trainer = new Trainer(
            plan, sgd, SmallTraining.Images(75, 20, seed: 5, orderSeed: 6), SmallTraining.Images(40, 7, seed: 7),
            new TrainerOptions { Epochs = 2, ClipNorm = 2, Schedule = new ConstantRate(0.01) }, exchange);
        attach(trainer);
        try
        {
            trainer.Run(cancellation);
        }
        catch (OperationCanceledException)
        {
            // What the test asked for.
        }
        return (SmallTraining.Values(parameters), trainer.Step);
    }
}
