using System.Text.Json.Nodes;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Golden;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>Ten steps of fine-tuning the narrow AlexNet, frozen convolutions and a new head at ten times the rate, against PyTorch's in float64.</summary>
public sealed class GoldenFinetuningTests
{
    private const int Steps = 10;

    private readonly GoldenTinyAlexNet _tiny = new();
    private readonly SafetensorsFile _file = SafetensorsFile.Golden("finetune.safetensors");

    [Theory]
    [InlineData("sgd", 1)]
    [InlineData("sgd", 3)]
    [InlineData("adamw", 1)]
    [InlineData("adamw", 3)]
    public void TenStepsGiveTheReferenceLossesAndWeights(string optimizer, int threads)
    {
        Network network = NewHead();
        using var parameters = new ParameterSet(network);
        foreach (Parameter parameter in parameters.Parameters)
            parameter.CopyFrom(parameter.Name.StartsWith("fc8", StringComparison.Ordinal)
                ? _file.Reordered(Stored("", parameter.Name), weight: true)
                : Array.ConvertAll(_tiny.Parameter("", parameter.Name), v => (float)v));
        ParameterGroup[] groups =
        [
            new("conv*") { Frozen = true },
            new("*.bias") { LearningRateFactor = 2, WeightDecayFactor = 0 },
            new("fc8.weight") { LearningRateFactor = 10 },
            new("fc8.bias") { LearningRateFactor = 20 },
        ];
        JsonNode settings = JsonNode.Parse(_file.Metadata(optimizer))!;
        int[] labels = [.. JsonNode.Parse(_file.Metadata("labels"))!.AsArray().Select(label => (int)label!)];
        using var plan = new Plan(
            network, parameters, new PlanOptions { BatchSize = labels.Length, Threads = threads, Gradients = GradientScope.Learning(groups) });
        float decay = (float)settings["weight_decay"]!;
        using IOptimizer updates = optimizer == "sgd"
            ? new Sgd(plan, groups) { Momentum = (float)settings["momentum"]!, WeightDecay = decay }
            : new AdamW(plan, groups) { WeightDecay = decay };
        float[] images = [.. Enumerable.Repeat(_tiny.Images.ToFloats(), Steps).SelectMany(values => values)];
        int[] imageLabels = [.. Enumerable.Repeat(labels, Steps).SelectMany(values => values)];
        var batches = new MemoryBatches(network.InputShape, images, imageLabels, labels.Length);
        using var trainer = new Trainer(
            plan, updates, batches, null, new TrainerOptions { Epochs = 1, Schedule = new ConstantRate((float)settings["lr"]!) });
        var losses = new List<double>();
        trainer.StepDone += step => losses.Add(step.Batch.Loss);
        trainer.Run(TestContext.Current.CancellationToken);

        Assert.Equal(Steps, losses.Count);
        for (int i = 0; i < Steps; i++)
            Assert.Equal(_file.Scalar(FormattableString.Invariant($"{optimizer}/loss{i}")), losses[i], Tolerances.GoldenFinetuning);
        foreach (Parameter parameter in parameters.Parameters)
        {
            var values = new float[parameter.Spec.Length];
            parameter.CopyTo(values);
            if (parameter.Name.StartsWith("conv", StringComparison.Ordinal))
                Compare.SameBits(parameter.Name, Array.ConvertAll(_tiny.Parameter("", parameter.Name), v => (float)v), values);
            else
                Compare.Close(
                    parameter.Name, _file.Reordered(Stored($"{optimizer}/", parameter.Name), weight: true), values, Tolerances.GoldenFinetuning);
        }
    }

    /// <summary>Dropout before fc6 changes nothing: nothing before it learns, so it is off.</summary>
    private static Network NewHead()
    {
        Network network = GoldenTinyAlexNet.Network(reluAfterLogits: false);
        return new Network("tiny-new-head", network.InputShape, network.Layers.SelectMany(layer => layer switch
        {
            Linear { Name: "fc6" } => [new Dropout("drop5", 0.5f), layer],
            Linear { Name: "fc8" } head => [head.With(5)],
            _ => (Layer[])[layer],
        }));
    }

    private static string Stored(string prefix, string name) => $"{prefix}{name.Split('.')[0]}/{(name.EndsWith("weight", StringComparison.Ordinal) ? "weights" : "biases")}";
}
