using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Execution;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>Parameters that do not learn: they stay what they are, and nothing is computed or kept for them.</summary>
public sealed class FreezingTests
{
    private static readonly ParameterGroup[] s_frozenConvolutions = [new("conv*") { Frozen = true }];

    [Theory]
    [CombinatorialData]
    public void FrozenParametersStayBitForBit(bool adam)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(dropout: 0.3f), seed: 1);
        string[] before = [.. parameters.Parameters.Select(Bits)];
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions
        {
            BatchSize = 16,
            Threads = 2,
            Gradients = GradientScope.Learning(s_frozenConvolutions),
        });
        // The bias of fc1 is frozen too: its gradient comes with the weight's, but nothing is done with it.
        ParameterGroup[] groups = [.. s_frozenConvolutions, new("fc1.bias") { Frozen = true }];
        using IOptimizer optimizer = adam ? new AdamW(plan, groups) : new Sgd(plan, groups) { WeightDecay = 0.01f };
        using var trainer = new Trainer(
            plan, optimizer, SmallTraining.Images(64, 16, seed: 1), null, new TrainerOptions { Epochs = 2, ClipNorm = 1, Schedule = new ConstantRate(0.01) });
        trainer.Run(TestContext.Current.CancellationToken);

        string[] changed = [.. parameters.Parameters.Where((p, i) => Bits(p) != before[i]).Select(p => p.Name)];
        Assert.Equal(["fc1.weight", "fc2.weight", "fc2.bias"], changed);
        Assert.Equal(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"], plan.Gradients!.Parameters.Select(p => p.Name));
        string[] state = adam
            ? ["fc1.weight.exp_avg", "fc2.weight.exp_avg", "fc2.bias.exp_avg", "fc1.weight.exp_avg_sq", "fc2.weight.exp_avg_sq", "fc2.bias.exp_avg_sq", "step"]
            : ["fc1.weight", "fc2.weight", "fc2.bias"];
        Assert.Equal(state, optimizer.State.Parameters.Select(p => p.Name));
    }

    [Fact]
    public void BeforeTheFirstLayerThatLearnsEverythingRunsAsInInference()
    {
        Network network = TinyNetworks.Create("tensorflow");
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        Plan New(GradientScope gradients) => new(network, parameters, new PlanOptions { BatchSize = 4, Threads = 2, Seed = 3, Gradients = gradients });
        using Plan inference = New(GradientScope.None), all = New(GradientScope.All), head = New(GradientScope.Of("fc7.*", "fc8.weight"));
        // Dropout of the inference plan drops nothing; in front of what learns it is left out.
        Assert.Equal(
            inference.Operations.TakeWhile(o => !o.Name.StartsWith("drop6", StringComparison.Ordinal)).Select(o => (o.Name, o.Algorithm, OperationMode.Inference)),
            head.Operations.TakeWhile(o => o.Mode == OperationMode.Inference).Select(o => (o.Name, o.Algorithm, o.Mode)));
        Assert.Equal(
            ["fc6 + relu6: Inference", "fc7 + relu7: Learns", "drop7: PassesGradient", "fc8 + relu8: Learns"],
            head.Operations.TakeLast(4).Select(o => $"{o.Name}: {o.Mode}"));
        Assert.Equal(["fc6", "relu6", "drop6"], head.Operations[^4].Layers);
        Assert.All(all.Operations, o => Assert.Equal(o.Name.StartsWith("conv", StringComparison.Ordinal) || o.Name.StartsWith("fc", StringComparison.Ordinal), o.Mode == OperationMode.Learns));

        // Beside what inference takes, there is room for the gradients of the head alone, and for what its backward keeps.
        long gradients = sizeof(float) * head.Gradients!.StorageLength, kept = sizeof(float) * 4 * (70 + 3 * 33 + 3 * 10 + 64);
        Assert.InRange(head.MemoryBytes, inference.MemoryBytes + gradients, inference.MemoryBytes + gradients + kept + 4096 * 8);
        Assert.True(head.MemoryBytes + sizeof(float) * (all.Gradients!.StorageLength - head.Gradients.StorageLength) < all.MemoryBytes);

        // fc6 is what it is in inference: its dropout is off. That of fc7 is on.
        foreach (Plan plan in new[] { inference, head })
            TinyNetworks.Fill(plan.Input, seed: 2);
        inference.Forward();
        head.Forward(training: false);
        Compare.SameBits("logits without dropout", inference.Output, head.Output);
        head.Forward(training: true);
        Assert.NotEqual(inference.Output.ToArray(), head.Output.ToArray());
        head.OutputGradient.Fill(1);
        head.Backward();
        Assert.Equal(
            ["fc7 + relu7", "drop7", "fc8 + relu8"], head.Operations.Where(o => o.Backward > TimeSpan.Zero).Select(o => o.Name));

        using Plan last = New(GradientScope.Of("fc8.*"));
        inference.Input.CopyTo(last.Input);
        last.Forward(training: true, step: 5);
        Compare.SameBits("logits with all dropout before what learns", inference.Output, last.Output);
    }

    [Fact]
    public void AFrozenLayerBehindOneThatLearnsPassesTheGradientOn()
    {
        Network network = TinyNetworks.Create("torchvision");
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        Plan New(GradientScope gradients) => new(network, parameters, new PlanOptions { BatchSize = 3, Gradients = gradients });
        using Plan all = New(GradientScope.All), some = New(GradientScope.Of("conv2.*", "fc7.*"));
        foreach (Plan plan in new[] { all, some })
        {
            TinyNetworks.Fill(plan.Input, seed: 2);
            plan.Forward();
            plan.Output.CopyTo(plan.OutputGradient);
            plan.Backward();
        }
        Assert.Equal(["conv2.weight", "conv2.bias", "fc7.weight", "fc7.bias"], some.Gradients!.Parameters.Select(p => p.Name));
        foreach (Parameter gradient in some.Gradients.Parameters)
            Compare.SameBits(gradient.Name, all.Gradients![gradient.Name].Storage, gradient.Storage);
        Assert.Equal(OperationMode.PassesGradient, some.Operations.Single(o => o.Name.StartsWith("conv3", StringComparison.Ordinal)).Mode);
    }

    [Fact]
    public void WeightsThatDoNotLearnArePreparedOnce()
    {
        using var parameters = ParameterSet.Initialize(CudaConvnet.Quick(), seed: 1);
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 2, Threads = 1, Gradients = GradientScope.Of("conv3.*", "fc*") });
        using var sgd = new Sgd(plan);
        bool[] Prepared()
        {
            plan.Forward();
            plan.OutputGradient.Fill(1);
            plan.Backward();
            sgd.Step(plan.Gradients!, 0.01f);
            return [.. plan.Operations.Where(o => o.Name.StartsWith("conv", StringComparison.Ordinal)).Select(o => o.Prepare > TimeSpan.Zero)];
        }
        Assert.Equal([true, true, true], Prepared());
        Assert.Equal([false, false, true], Prepared());
        parameters["conv1.weight"].Storage[0]++;
        parameters.MarkChanged();
        Assert.Equal([true, true, true], Prepared());
    }

    [Fact]
    public void TheLastGroupThatSaysSomethingCounts()
    {
        Network network = CudaConvnet.Quick();
        ParameterSettings Of(string name, params ParameterGroup[] groups) =>
            ParameterGroup.Resolve(network, groups)[network.Parameters.Select(p => p.Name).ToList().IndexOf(name)];
        ParameterGroup bias = new("*.bias") { LearningRateFactor = 2, WeightDecayFactor = 0 }, head = new("fc10.*") { LearningRateFactor = 10 };
        ParameterGroup frozen = new("*") { Frozen = true }, thawed = new("fc??.bias") { Frozen = false };
        Assert.Equal(new(1, 1, false), Of("conv1.weight", bias, head));
        Assert.Equal(new(10, 0, false), Of("fc10.bias", bias, head));
        Assert.Equal(new(2, 0, false), Of("fc10.bias", head, bias));
        Assert.Equal(new(2, 0, true), Of("conv1.bias", frozen, bias, thawed));
        Assert.Equal(new(10, 0, false), Of("fc10.bias", frozen, bias, head, thawed));
        Assert.Equal(
            ["fc64.weight", "fc64.bias", "fc10.weight", "fc10.bias"],
            GradientScope.Learning([frozen, thawed]).In(network).Select(p => p.Name));
        Assert.Contains("no parameter that matches 'fc6.*'; it has conv1.weight", Assert.Throws<ArgumentException>(() => Of("conv1.bias", new ParameterGroup("fc6.*"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Of("conv1.bias", new ParameterGroup("*") { LearningRateFactor = -1 }));
        Assert.Throws<ArgumentException>(() => GradientScope.Of("Conv1.*").In(network));
    }

    private static string Bits(Parameter parameter) => Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameter.Storage));
}
