using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>Outputs of many images through one plan: features of a dataset, evaluation, validation.</summary>
public sealed class ForwardPassTests
{
    private static readonly Preprocessing Size = new() { Resize = ResizeMode.Square, ResizeTo = 14, CropHeight = 12, CropWidth = 12, Scale = 1 / 255f };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(8, 8, false), InlineData(8, 3, false), InlineData(3, 8, true), InlineData(5, 5, true)]
    public void RowsOfAHiddenLayerComeWithTheNumbersOfTheirImages(int loaderBatch, int planBatch, bool shuffle)
    {
        // The layers up to fc1's ReLU, with the parameters of the whole network.
        Network whole = SmallTraining.Network(), hidden = new(whole.Name, whole.InputShape, whole.Layers.Take(6));
        using var parameters = ParameterSet.Initialize(whole, seed: 1);
        var images = new SyntheticImages(23, 20, 16);
        const int length = 32;
        var rows = new float[23 * length];
        using (var plan = new Plan(hidden, parameters, new PlanOptions { BatchSize = planBatch, Threads = 2 }))
        using (var loader = new DataLoader(images, Size, new DataLoaderOptions { BatchSize = loaderBatch, Shuffle = shuffle, Seed = 3 }))
        {
            List<int> seen = [];
            foreach (BatchPart part in ForwardPass.Run(plan, loader, cancellationToken: Token))
                for (int i = 0; i < part.Count; i++)
                {
                    seen.Add(part.Indices[i]);
                    Assert.Equal(images.Label(part.Indices[i]), part.Labels[i]);
                    plan.Output.Slice(i * length, length).CopyTo(rows.AsSpan(part.Indices[i] * length));
                }
            Assert.Equal(shuffle, !seen.SequenceEqual(Enumerable.Range(0, 23)));
            Assert.Equal(Enumerable.Range(0, 23), seen.Order());
        }
        using var alone = new Plan(hidden, parameters, new PlanOptions { BatchSize = 1, Threads = 1 });
        var preprocessor = new Preprocessor(Size);
        var pixels = new PixelBuffer();
        for (int i = 0; i < 23; i++)
        {
            images.Read(i, pixels);
            preprocessor.Apply(pixels, alone.Input);
            alone.Forward();
            Compare.Close($"image {i}", alone.Output, rows.AsSpan(i * length, length), Tolerances.SmallNetwork);
        }
    }

    [Theory]
    [InlineData(0), InlineData(7)]
    public void ValidationOfATrainingIsTheEvaluation(int microBatch)
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        IBatchSource images = SmallTraining.Images(50, 16, seed: 2);
        using var cpu = new CpuTraining(
            parameters, images, null, new TrainerOptions { LabelSmoothing = 0.1, Schedule = new ConstantRate(0.1) }, microBatch: microBatch);
        Tally validation = cpu.Trainer.Evaluate(images, Token);
        using var evaluating = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 16, Threads = 2 });
        Evaluation evaluation = Evaluation.Run(evaluating, images, ["a", "b", "c", "d"], cancellationToken: Token);
        Assert.Equal(50, validation.Count);
        Assert.Equal((evaluation.Tally.Top1Hits, evaluation.Tally.Top5Hits), (validation.Top1Hits, validation.Top5Hits));
        Assert.Equal(evaluation.Tally.LossSum, validation.LossSum, 1e-4);
        // Without smoothing, whatever the training does: the sum of −ln p.
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 50 });
        double sum = 0;
        foreach (BatchPart part in ForwardPass.Run(plan, SmallTraining.Images(50, 50, seed: 2), cancellationToken: Token))
            for (int i = 0; i < part.Count; i++)
            {
                double[] exponentials = [.. plan.Output.Slice(i * SmallTraining.Classes, SmallTraining.Classes).ToArray().Select(z => Math.Exp(z))];
                sum -= Math.Log(exponentials[part.Labels[i]] / exponentials.Sum());
            }
        Assert.Equal(sum, validation.LossSum, 1e-4);
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedBeforeAnythingIsRead()
    {
        using var parameters = new ParameterSet(SmallTraining.Network());
        using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 4 });
        var images = new SyntheticImages(8);
        using var other = new DataLoader(images, Size with { CropWidth = 11 }, new DataLoaderOptions { BatchSize = 4 });
        using var views = new DataLoader(images, Size, new DataLoaderOptions { BatchSize = 4, TenCrop = true });
        Assert.Contains("[12, 12, 3], but the images come as [12, 11, 3]", Assert.Throws<ArgumentException>(() => ForwardPass.Run(plan, other)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot hold the 10 views", Assert.Throws<ArgumentException>(() => ForwardPass.Run(plan, views, views: 10)).Message, StringComparison.Ordinal);
        Assert.Equal(0, images.Reads);
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        using var fitting = new DataLoader(images, Size, new DataLoaderOptions { BatchSize = 4 });
        Assert.ThrowsAny<OperationCanceledException>(() => ForwardPass.Run(plan, fitting, cancellationToken: canceled.Token).Count());
    }
}
