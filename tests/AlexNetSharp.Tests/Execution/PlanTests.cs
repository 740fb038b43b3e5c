using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Execution;

public class PlanTests
{
    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void TheNotebooksShapesComeOut()
    {
        Network network = AlexNet.TensorFlow();
        string Of(string layer) => $"{layer}   {network.OutputOf(network.IndexOf(layer)).ToString(32)}";
        Assert.Equal(
            [
                "conv1   [32, 56, 56, 64]", "pool1   [32, 27, 27, 64]", "conv2   [32, 27, 27, 192]", "pool2   [32, 13, 13, 192]",
                "conv3   [32, 13, 13, 384]", "conv4   [32, 13, 13, 256]", "conv5   [32, 13, 13, 256]", "pool5   [32, 6, 6, 256]",
            ],
            new[] { "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5" }.Select(Of));
        Assert.Equal(61_100_840, network.ParameterCount);
    }

    [Fact]
    public void AnImageTooSmallNamesTheLayer()
    {
        var error = Assert.Throws<ArgumentException>(() => AlexNet.TensorFlow(imageSize: 40));
        Assert.StartsWith("layer 'pool5'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AfterAnExceptionBackwardNeedsForwardAgain()
    {
        var network = new Network("tiny", Shape.Vector(3), [new Linear("fc", 2)]);
        var parameters = new ParameterSet(network);
        using var plan = new Plan(network, parameters, new PlanOptions { Gradients = GradientScope.All });
        using var other = new Plan(network, parameters, new PlanOptions { Gradients = GradientScope.All });
        plan.Forward();
        plan.Gradients!.Dispose();
        Assert.Throws<ObjectDisposedException>(() => plan.Backward());
        Assert.Throws<InvalidOperationException>(() => plan.Backward());
        other.Forward();
        parameters.Dispose();
        Assert.Throws<ObjectDisposedException>(() => other.Forward());
        Assert.Throws<InvalidOperationException>(() => other.Backward());
    }

    [Fact]
    public void ParametersThatAreDisposedOfDoNotRun()
    {
        // Nothing in this network reads its parameters in forward once they are prepared, so the plan itself must look.
        var network = new Network("tiny", new Shape(4, 4, 2), [new MaxPool2d("pool", 2, 2)]);
        var parameters = new ParameterSet(network);
        using var plan = new Plan(network, parameters, new PlanOptions());
        plan.Forward();
        parameters.Dispose();
        Assert.Throws<ObjectDisposedException>(() => plan.Forward());
    }

    [Fact]
    public void ParametersOfAnotherNetworkAreRefused()
    {
        var network = new Network("wanted", Shape.Vector(3), [new Linear("fc", 2)]);
        using var renamed = new ParameterSet(new Network("given", Shape.Vector(3), [new Linear("fc6", 2)]));
        using var wider = new ParameterSet(new Network("given", Shape.Vector(3), [new Linear("fc", 4)]));
        string Refusal(ParameterSet parameters) => Assert.Throws<ArgumentException>(() => new Plan(network, parameters, new PlanOptions())).Message;
        Assert.Equal("network 'wanted' needs parameter 'fc.weight', which the parameters of network 'given' lack", Refusal(renamed));
        Assert.StartsWith("parameter 'fc.weight' has shape [3, 4]", Refusal(wider), StringComparison.Ordinal);
    }

    [Fact]
    public void ANetworkWithNothingToDoIsRefusedInOneLine()
    {
        var flat = new Network("flat", new Shape(2, 2, 1), [new Flatten("flatten")]);
        var linear = new Network("linear", Shape.Vector(3), [new Linear("fc", 2)]);
        string Refusal(Network network, GradientScope gradients) => Assert.Throws<ArgumentException>(
            () => Plan.EstimateMemory(network, new PlanOptions { Gradients = gradients })).Message;
        Assert.Equal("network 'flat' has no layer that computes anything; a plan needs at least one", Refusal(flat, GradientScope.None));
        Assert.Equal(
            "network 'linear' has no convolution, so there are no gradients to compute; ask for GradientScope.All or None",
            Refusal(linear, GradientScope.Convolution));
    }

    [Fact]
    public void BackwardNeedsForward()
    {
        var network = new Network("tiny", Shape.Vector(3), [new Linear("fc", 2)]);
        using var parameters = new ParameterSet(network);
        using var plan = new Plan(network, parameters, new PlanOptions { Gradients = GradientScope.All });
        Assert.Throws<InvalidOperationException>(() => plan.Backward());
        plan.Forward();
        plan.Backward();
        Assert.Throws<InvalidOperationException>(() => plan.Backward());
    }

    [Fact]
    public void GradientsOverwriteOrAccumulate()
    {
        var network = new Network("tiny", new Shape(5, 5, 2), [new Conv2d("conv", 3, 3), new ReLU("relu"), new Linear("fc", 2)]);
        using var parameters = new ParameterSet(network);
        foreach (Parameter parameter in parameters.Parameters)
            for (int i = 0; i < parameter.Spec.Length; i++)
                parameter.Storage[i] = MathF.Sin(i);
        using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All });
        for (int i = 0; i < plan.Input.Length; i++)
            plan.Input[i] = MathF.Cos(i);
        float Run(bool accumulate)
        {
            plan.Forward();
            plan.OutputGradient.Fill(1);
            plan.Backward(accumulate);
            return plan.Gradients!["conv.weight"].Storage[4];
        }
        float once = Run(false);
        Assert.NotEqual(0, once);
        Assert.Equal(once, Run(false));
        Assert.Equal(2 * once, Run(true), 1e-6f * Math.Abs(once));
    }

    [Fact]
    public void TheEdgeThatNoPoolReadsIsNotComputed()
    {
        Assert.Equal(new Shape(55, 55, 64), NeededShapes.Of(AlexNet.TensorFlow())[1]);
        Network network = new("edge", new Shape(20, 20, 3),
            [new Conv2d("conv", 5, 3, padding: Padding.Same), new ReLU("relu"), new MaxPool2d("pool", 3, 2), new Linear("fc", 4)]);
        using var parameters = ParameterSet.Initialize(network, 1);
        using var cut = new Plan(network, parameters, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All });
        using var whole = new Plan(network, parameters, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All, KeepActivations = true });
        foreach (Plan plan in new[] { cut, whole })
        {
            for (int i = 0; i < plan.Input.Length; i++)
                plan.Input[i] = MathF.Cos(i);
            plan.Forward();
            plan.Output.CopyTo(plan.OutputGradient);
            plan.Backward();
        }
        Assert.Equal(20 * 20 * 5 * 2, whole.Activation("conv").Length);
        // Another size has other tiles, so the rounding differs.
        Compare.Close("output", whole.Output, cut.Output, Tolerances.SmallNetwork);
        Compare.Close("gradient", whole.Gradients!["conv.weight"].Storage, cut.Gradients!["conv.weight"].Storage, Tolerances.SmallNetwork);
    }

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void BatchesBeyondAllMemoryAreRefusedWithWhatTheyNeed()
    {
        foreach (string name in NetworkCatalog.Names)
        {
            Network network = NetworkCatalog.Get(name).Build(10);
            foreach (int batchSize in (int[])[1 << 20, (1 << 20) + 1, int.MaxValue])
                foreach (GradientScope gradients in (GradientScope[])[GradientScope.None, GradientScope.All])
                {
                    var options = new PlanOptions { BatchSize = batchSize, Threads = 2, Gradients = gradients };
                    Exception? error = Record.Exception(() => new PlanLayout(network, options));
                    Assert.True(
                        error is null or OverflowException or ArgumentException { Message.Length: > 40 }, $"{name}, batch {batchSize}: {error}");
                }
        }
    }
}
