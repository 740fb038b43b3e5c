using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class FeatureBatchesTests
{
    private static readonly Preprocessing s_plain = new() { Resize = ResizeMode.Square, ResizeTo = 12, CropHeight = 12, CropWidth = 12, Scale = 1f / 255 };

    [Theory]
    [InlineData("fc1.*", "fc2.*")]
    [InlineData("fc2.*", "fc2.*")]
    public void ATrainingHasTheSameBitsWithAndWithoutThem(string first, string second)
    {
        var images = new SyntheticImages(53);
        Network network = SmallTraining.Network(dropout: 0.5f);
        network = network.WithHead(images.Classes.Count);
        ParameterGroup[] groups = [new("*") { Frozen = true }, new(first) { Frozen = false }, new(second) { Frozen = false }];

        using ParameterSet whole = ParameterSet.Initialize(network, seed: 1);
        using (var loader = new DataLoader(images, s_plain, new DataLoaderOptions { BatchSize = 8, Seed = 5, Shuffle = true }))
            Train(new Plan(network, whole, PlanOptions(groups)), groups, loader);

        using ParameterSet kept = ParameterSet.Initialize(network, seed: 1);
        int boundary = network.IndexOf(first[..^2]);
        Network tail = network.From(boundary);
        ParameterGroup[] tailGroups = [.. groups.Where(group => tail.Parameters.Any(p => group.Matches(p.Name)))];
        using (var loader = new DataLoader(images, s_plain, new DataLoaderOptions { BatchSize = 8, Seed = 5 }))
        using (var front = new Plan(network.Until(boundary), kept, new PlanOptions { BatchSize = 8, Threads = 1 }))
        using (FeatureBatches features = FeatureBatches.Compute(front, loader, 8, seed: 5, cancellationToken: TestContext.Current.CancellationToken))
            Train(new Plan(tail, kept.Of(tail), PlanOptions(tailGroups)), tailGroups, features);

        Compare.SameBits("weights", SmallTraining.Values(whole), SmallTraining.Values(kept));
        using ParameterSet before = ParameterSet.Initialize(network, seed: 1);
        Assert.NotEqual(SmallTraining.Values(before), SmallTraining.Values(kept));
    }

    [Fact]
    public void AFileOfOthersOrDamagedIsNotUsed()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("x.features");
        var images = new SyntheticImages(10);
        using var loader = new DataLoader(images, s_plain, new DataLoaderOptions { BatchSize = 4 });
        Network front = SmallTraining.Network().Until(3);
        using ParameterSet parameters = ParameterSet.Initialize(SmallTraining.Network(), 1);
        using var plan = new Plan(front, parameters, new PlanOptions { BatchSize = 4, Threads = 1 });
        using FeatureBatches computed = FeatureBatches.Compute(plan, loader, 4, null, cancellationToken: TestContext.Current.CancellationToken);
        computed.Save(path, "key");
        using (FeatureBatches? read = FeatureBatches.Open(path, "key", front.OutputShape, loader, 4, null))
        {
            Assert.NotNull(read);
            Assert.Equal(
                ((IBatchSource)computed).Read(0, 0, TestContext.Current.CancellationToken).SelectMany(b => b.Input.ToArray()),
                ((IBatchSource)read).Read(0, 0, TestContext.Current.CancellationToken).SelectMany(b => b.Input.ToArray()));
            Assert.Equal(computed.MeanSquaredNorm(), read.MeanSquaredNorm());
        }
        Assert.Null(FeatureBatches.Open(path, "other", front.OutputShape, loader, 4, null));
        Assert.Null(FeatureBatches.Open(folder.PathOf("none"), "key", front.OutputShape, loader, 4, null));
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^100]);
        Assert.Null(FeatureBatches.Open(path, "key", front.OutputShape, loader, 4, null));
    }

    [Fact]
    public void PatienceEndsATrainingThatNoLongerImproves()
    {
        using ParameterSet parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        // A rate of 0 improves nothing.
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(32, 16, seed: 1), SmallTraining.Images(16, 16, seed: 2),
            new TrainerOptions { Epochs = 50, Schedule = new ConstantRate(0), Patience = 3 });
        cpu.Trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(4, cpu.Trainer.State.Epoch);
        Assert.True(cpu.Trainer.IsDone);
    }

    private static PlanOptions PlanOptions(ParameterGroup[] groups) =>
        new() { BatchSize = 8, Threads = 1, Gradients = GradientScope.Learning(groups), Seed = 9 };

    private static void Train(Plan plan, ParameterGroup[] groups, IBatchSource source)
    {
        using (plan)
        using (var optimizer = new Sgd(plan, groups) { Momentum = 0.9f, WeightDecay = 0.001f })
        using (var trainer = new Trainer(plan, optimizer, source, null, new TrainerOptions { Epochs = 3, Schedule = new ConstantRate(0.01) }))
            trainer.Run(TestContext.Current.CancellationToken);
    }
}
