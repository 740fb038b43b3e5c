using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Golden;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>Five steps of the narrow AlexNet with momentum and weight decay, against those that libtorch made.</summary>
public sealed class GoldenSgdTests
{
    private readonly GoldenTinyAlexNet _golden = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void FiveStepsGiveTheReferenceLossesAndWeights(int threads)
    {
        Network network = TinyAlexNet();
        using var parameters = new ParameterSet(network);
        foreach (Parameter parameter in parameters.Parameters)
            parameter.CopyFrom(Array.ConvertAll(_golden.Parameter("", parameter.Name), v => (float)v));
        using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 4, Threads = threads, Gradients = GradientScope.All });
        using var sgd = new Sgd(plan) { Momentum = 0.9f, WeightDecay = 0.0005f };
        using var crossEntropy = new SoftmaxCrossEntropy(maxBatch: 4, classes: 10);
        Array.ConvertAll(_golden.Images.Data, v => (float)v).CopyTo(plan.Input);

        for (int step = 0; step < 5; step++)
        {
            plan.Forward();
            double loss = crossEntropy.Compute(plan.Output, _golden.Labels, plan.OutputGradient);
            Assert.Equal(_golden.Values($"sgd/loss{step}")[0], loss, Tolerances.GoldenNetwork);
            plan.Backward();
            sgd.Step(plan.Gradients!, 0.01f);
        }
        foreach (Parameter parameter in parameters.Parameters)
        {
            var values = new float[parameter.Spec.Length];
            parameter.CopyTo(values);
            Compare.Close(parameter.Name, _golden.Parameter("sgd", parameter.Name), values, Tolerances.GoldenNetwork);
        }
    }

    private static Network TinyAlexNet() => new(
        "tiny",
        new Shape(67, 67, 3),
        AlexNet.TensorFlow(classes: 10, imageSize: 67, reluAfterLogits: false).Layers
            .Where(layer => layer is not Dropout)
            .Select(layer => layer switch
            {
                Conv2d conv => conv.With(GoldenTinyAlexNet.Widths[conv.Name]),
                Linear linear => linear.With(GoldenTinyAlexNet.Widths[linear.Name]),
                _ => layer,
            }));
}
