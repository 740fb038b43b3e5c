using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Inference;

namespace AlexNetSharp.Tests.Documents;

/// <summary>The code of the READMEs, compiled and run; <see cref="DocumentTests"/> compares the two.</summary>
public class ReadmeExample
{
    [Fact]
    public void TheLibrary()
    {
        Network network = AlexNet.TensorFlow(classes: 10, reluAfterLogits: false);
        using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
        using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All });

        new Philox(seed: 2).FillNormal(plan.Input, deviation: 0.1f);     // two images of noise, [2, 224, 224, 3]
        plan.Forward(training: true, step: 0);                           // plan.Output is [2, 10]
        plan.Output.CopyTo(plan.OutputGradient);                         // the gradient of sum(t²) / 2 is t
        plan.Backward();                                                 // plan.Gradients["conv1.weight"] and all others

        Assert.Equal(20, plan.Output.Length);
        Assert.True(plan.Gradients!["conv1.weight"].Storage.ContainsAnyExcept(0));
    }

    [Fact]
    public void ANetworkOfOnesOwn()
    {
        var small = new Network("small", new Shape(28, 28, 1),
        [
            new Conv2d("conv1", 16, 5, padding: Padding.Same),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 2, stride: 2),
            new Flatten("flatten"),
            new Linear("fc", 10),
        ]);

        Assert.Equal(10, small.OutputShape.Channels);
    }

    [Fact]
    public void WhatIsOnAImage()
    {
        using var folder = new TemporaryFolder();
        string model = folder.PathOf("model.safetensors"), image = Path.Combine(AppContext.BaseDirectory, "Golden", "pictures", "plain.jpg");
        using (Model small = InferenceModels.Small())
            ModelFile.Save(model, small);
        using var Console = new StringWriter(CultureInfo.InvariantCulture);

        using var classifier = Classifier.Load(model, new ImageDecoder());      // .safetensors, .pth, .caffemodel, .onnx
        foreach (Prediction prediction in classifier.Classify(image, top: 5))
            Console.WriteLine(prediction);                                        // its name and probability

        Assert.Equal(5, Console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void AImage()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Golden", "pictures", "plain.jpg");

        var pixels = new PixelBuffer();
        new ImageDecoder().DecodeFile(path, pixels);      // pixels.Width, pixels.Height; pixels.Pixels: red, green, blue, row by row

        Assert.Equal(3 * pixels.Width * pixels.Height, pixels.Pixels.Length);
    }
}
