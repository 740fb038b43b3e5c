using System.Numerics.Tensors;
using AlexNetSharp.Execution;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Inference;
using AlexNetSharp.Tests.Oracles;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>The same trainer on two executors: the CPU's plans and plain float64 loops.</summary>
public sealed class ExecutorSeamTests
{
    [Theory]
    [CombinatorialData]
    public void ATrainerGivesTheSameTrainingAndEvaluationOnAnyExecutor(bool adam, bool parts, bool onlyFullyConnected)
    {
        GradientScope gradients = onlyFullyConnected ? GradientScope.Of("fc*") : GradientScope.All;
        (float[] expected, EpochMetrics[] oracle) = Train(new OracleBackend(), adam, parts ? 5 : 16, gradients);
        (float[] actual, EpochMetrics[] plan) = Train(new CpuBackend(2), adam, parts ? 5 : 16, gradients);
        Compare.Close("weights", expected, actual, Tolerances.SmallTraining);
        Assert.Equal(2, plan.Length);
        Assert.True(oracle[1].Training.Loss < 0.9 * oracle[0].Training.Loss, "nothing was learned");
        foreach ((EpochMetrics e, EpochMetrics a) in oracle.Zip(plan))
        {
            Assert.Equal(e.Training.Loss, a.Training.Loss, Tolerances.SmallTraining);
            Assert.Equal(e.Validation!.Value.Loss, a.Validation!.Value.Loss, Tolerances.SmallTraining);
            Assert.Equal(e.Validation.Value.Count, a.Validation.Value.Count);
        }
    }

    [Fact]
    public void AClassifierGivesTheSameOnAnyExecutor()
    {
        using Model model = InferenceModels.Small();
        using var oracle = new Classifier(model, options: new InferenceOptions { Backend = new OracleBackend(), BatchSize = 8 });
        using var cpu = new Classifier(model, options: new InferenceOptions { BatchSize = 8 });
        Shape input = model.Network.InputShape;
        float[] images = new float[5 * input.Length];
        new Philox(9).FillNormal(images);
        nint[] shape = [5, input.Height, input.Width, input.Channels];
        float[] Logits(Classifier classifier)
        {
            var logits = new float[5 * model.Network.OutputShape.Length];
            classifier.Logits(new ReadOnlyTensorSpan<float>(images, shape), new TensorSpan<float>(logits, [5, (nint)model.Network.OutputShape.Length]), Token);
            return logits;
        }
        float[] expected = Logits(oracle);
        Assert.True(expected.Max() - expected.Min() > 0.1);
        Compare.Close("logits", expected, Logits(cpu), Tolerances.SmallNetwork);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void AnExchangeGetsEachGradientOfEachPartTheLastLayerFirstAndDecidesWhatIsUsed()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
        float[] before = SmallTraining.Values(parameters);
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 8, Threads = 1, Gradients = GradientScope.All });
        using var sgd = new Sgd(plan);
        var exchange = new Exchange();
        // Two steps, each in two parts.
        using var trainer = new Trainer(
            plan, sgd, SmallTraining.Images(32, 16, seed: 1), null, new TrainerOptions { Epochs = 1, ClipNorm = 1 }, exchange);
        trainer.Run(TestContext.Current.CancellationToken);
        string[] gradients = ["fc2.weight", "fc2.bias", "fc1.weight", "fc1.bias", "conv1.weight", "conv1.bias"];
        string[] step = ["begin", "part 0", .. gradients, "part 1", .. gradients, "complete"];
        Assert.Equal([.. step, .. step], exchange.Calls);
        // It set all gradients to 0, so weight decay alone changed the weights.
        Compare.Close("weights", before, SmallTraining.Values(parameters), Tolerances.Elementwise);
    }

    [Fact]
    public void ATrainerRefusesWhatDoesNotBelongTogether()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
        using var others = ParameterSet.Initialize(SmallTraining.Network(), seed: 3);
        using var inference = new Plan(parameters.Network, parameters, new PlanOptions { Threads = 1 });
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { Threads = 1, Gradients = GradientScope.All });
        using var other = new Plan(others.Network, others, new PlanOptions { Threads = 1, Gradients = GradientScope.All });
        using var sgd = new Sgd(plan);
        string Refusal(IExecutor executor) => Assert.Throws<ArgumentException>(
            () => new Trainer(executor, sgd, SmallTraining.Images(8, 8, seed: 1), null, new TrainerOptions())).Message;
        Assert.StartsWith("the executor computes no gradients", Refusal(inference), StringComparison.Ordinal);
        Assert.StartsWith("the optimizer updates other parameters", Refusal(other), StringComparison.Ordinal);
        Assert.StartsWith("no parameter of network 'small' learns", Assert.Throws<ArgumentException>(() => new Sgd(inference)).Message, StringComparison.Ordinal);
    }

    private static (float[] Weights, EpochMetrics[] History) Train(IBackend backend, bool adam, int batchSize, GradientScope gradients)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 4);
        using IExecutor executor = backend.Create(parameters.Network, parameters, new ExecutorOptions { BatchSize = batchSize, Gradients = gradients });
        using IOptimizer optimizer = adam ? new AdamW(executor) : new Sgd(executor) { WeightDecay = 0.001f };
        using var trainer = new Trainer(
            executor, optimizer, SmallTraining.Images(75, 16, seed: 5, orderSeed: 6), SmallTraining.Images(40, 16, seed: 7),
            new TrainerOptions { Epochs = 2, ClipNorm = 2, Schedule = new ConstantRate(adam ? 0.003 : 0.01) });
        trainer.Run(TestContext.Current.CancellationToken);
        return (SmallTraining.Values(parameters), [.. trainer.State.History]);
    }

    private sealed class Exchange : IGradientExchange
    {
        public List<string> Calls { get; } = [];

        public IProcessGroup Processes { get; } = new SingleProcess();

        public int FirstPart => 0;

        public int EndPart => 2;

        public void Begin(int parts) => Calls.Add("begin");

        public void BeginPart(int part) => Calls.Add($"part {part}");

        public Tally Agree(ReadOnlySpan<Tally> own, ref bool stop) => own[0].Plus(own[1]);

        public void Ready(Parameter gradient)
        {
            Assert.True(gradient.Storage.ContainsAnyExcept(0f), gradient.Name);
            Calls.Add(gradient.Name);
        }

        public void Complete(ParameterSet gradients)
        {
            Calls.Add("complete");
            foreach (Parameter gradient in gradients.Parameters)
                gradient.Storage.Clear();
        }
    }
}
