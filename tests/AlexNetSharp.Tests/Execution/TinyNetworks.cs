using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Execution;

/// <summary>Networks that are quick to compute and between them use every layer, alone and in the sequences that a plan may fuse.</summary>
internal static class TinyNetworks
{
    private static readonly Dictionary<string, Func<Network>> s_all = new()
    {
        // The notebook's network, narrow: SAME padding, LRN between ReLU and pool, dropout.
        ["tensorflow"] = () => new Network("tiny-tensorflow", new Shape(67, 67, 3),
        [
            new Conv2d("conv1", 16, 11, stride: 4, padding: Padding.Same), new ReLU("relu1"),
            new LocalResponseNorm("lrn1", 4, 1, 0.001f / 9, 0.75f), new MaxPool2d("pool1", 3, 2),
            new Conv2d("conv2", 40, 5, padding: Padding.Same), new ReLU("relu2"),
            new LocalResponseNorm("lrn2", 4, 1, 0.001f / 9, 0.75f), new MaxPool2d("pool2", 3, 2),
            new Conv2d("conv3", 48, 3, padding: Padding.Same), new ReLU("relu3"),
            new Conv2d("conv4", 32, 3, padding: Padding.Same), new ReLU("relu4"), new MaxPool2d("pool5", 3, 2),
            new Flatten("flatten"), new Linear("fc6", 70), new ReLU("relu6"), new Dropout("drop6", 0.5f),
            new Linear("fc7", 33), new ReLU("relu7"), new Dropout("drop7", 0.5f), new Linear("fc8", 10), new ReLU("relu8"),
        ]),

        // The paper's order and its groups; another exponent and a strong normalization.
        ["paper"] = () => new Network("tiny-paper", new Shape(35, 35, 3),
        [
            new Conv2d("conv1", 12, 7, stride: 2, padding: Padding.Explicit(2, 1, 1, 2)), new ReLU("relu1"),
            new LocalResponseNorm("lrn1", 2, 2, 0.01f, 0.5f), new MaxPool2d("pool1", 3, 2),
            new Conv2d("conv2", 36, 5, padding: Padding.All(2), groups: 2), new ReLU("relu2"),
            new MaxPool2d("pool2", 3, 2), new LocalResponseNorm("lrn2", 2, 1, 0.1f, 0.75f),
            new Conv2d("conv3", 20, 3, padding: Padding.All(1), groups: 2), new ReLU("relu3"),
            new Flatten("flatten"), new Dropout("drop", 0.25f), new Linear("fc", 7),
        ]),

        // Pools that round up and average, normalization within a channel.
        ["cifar10-quick"] = () => CudaConvnet.Quick(classes: 5, imageSize: 15),
        ["cifar10-full"] = () => CudaConvnet.Full(classes: 5, imageSize: 14, channels: 1),

        // Layers where no plan expects them: ReLU after a pool, normalization of images, a linear layer on a map, two in a row.
        ["unusual order"] = () => new Network("unusual-order", new Shape(13, 11, 5),
        [
            new LocalResponseNorm("lrn0", 1, 1, 0.2f, 0.75f), new MaxPool2d("pool0", 2, 1), new ReLU("relu0"),
            new Conv2d("conv1", 9, 3), new MaxPool2d("pool1", 3, 2, roundUp: true), new ReLU("relu1"), new Dropout("drop1", 0.3f),
            new Linear("fc1", 40), new Linear("fc2", 33), new ReLU("relu2"), new ReLU("relu3"), new Linear("fc3", 1),
        ]),

        // cuda-convnet's nets: pools that round up, between convolution and ReLU too, average pools, normalization within channels.
        ["cifar10"] = () => new Network("tiny-cifar10", new Shape(20, 20, 3),
        [
            new Conv2d("conv1", 32, 5, padding: Padding.All(2)), new MaxPool2d("pool1", 3, 2, roundUp: true), new ReLU("relu1"),
            new WithinChannelNorm("norm1", 3, 0.05f, 0.75f),
            new Conv2d("conv2", 24, 5, padding: Padding.All(2)), new ReLU("relu2"), new AvgPool2d("pool2", 3, 2, roundUp: true),
            new WithinChannelNorm("norm2", 5, 1f, 0.5f),
            new Conv2d("conv3", 33, 3, padding: Padding.All(1)), new ReLU("relu3"),
            new AvgPool2d("pool3", 3, 2, roundUp: true, padding: Padding.All(1), countPadding: false),
            new Linear("fc", 10),
        ]),

        // torchvision's: explicit padding, no normalization, adaptive average pool both narrower and wider than its input.
        ["torchvision"] = () => new Network("tiny-torchvision", new Shape(63, 63, 3),
        [
            new Conv2d("conv1", 16, 11, stride: 4, padding: Padding.All(2)), new ReLU("relu1"), new MaxPool2d("pool1", 3, 2),
            new Conv2d("conv2", 32, 5, padding: Padding.All(2)), new ReLU("relu2"), new MaxPool2d("pool2", 2, 1, padding: Padding.All(1)),
            new Conv2d("conv3", 20, 3, padding: Padding.All(1)), new ReLU("relu3"),
            new AdaptiveAvgPool2d("narrow", 3, 5), new AvgPool2d("average", 2, 1, padding: Padding.All(1)), new AdaptiveAvgPool2d("wide", 6, 6),
            new Flatten("flatten"), new Dropout("drop6", 0.5f), new Linear("fc6", 64), new ReLU("relu6"), new Linear("fc7", 11),
        ]),

        // Convolutions of one pixel and of stride 2, pools of 2 pixels and of a whole map, whose means are the output.
        ["network in network"] = () => new Network("tiny-nin", new Shape(41, 37, 3),
        [
            new Conv2d("conv1", 18, 7, stride: 2, padding: Padding.All(1)), new ReLU("relu1"),
            new Conv2d("cccp1", 20, 1), new ReLU("relu2"), new MaxPool2d("pool1", 3, 2, roundUp: true),
            new LocalResponseNorm("norm1", 2, 1, 0.1f, 0.75f),
            new Conv2d("conv2", 36, 5, stride: 2, padding: Padding.All(1)), new ReLU("relu3"),
            new MaxPool2d("pool2", 2, 2, roundUp: true), new Dropout("drop", 0.5f),
            new Conv2d("cccp2", 11, 1), new ReLU("relu4"), new AdaptiveAvgPool2d("mean", 1, 1), new Flatten("flatten"),
        ]),

        ["only linear"] = () => new Network("only-linear", Shape.Vector(37), [new Linear("fc", 21)]),
    };

    public static TheoryData<string> Names => [.. s_all.Keys];

    public static Network Create(string name) => s_all[name]();

    /// <summary>Values of a size that keeps signals from growing or vanishing.</summary>
    public static ParameterSet Parameters(Network network, int seed = 1)
    {
        var random = new System.Random(seed);
        var set = new ParameterSet(network);
        foreach (Parameter p in set.Parameters)
        {
            double scale = p.Spec.Role == ParameterRole.Bias ? 0.1 : Math.Sqrt(6.0 / p.Spec.FanIn);
            var values = new float[p.Spec.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(scale * (random.NextDouble() * 2 - 1));
            p.CopyFrom(values);
        }
        set.MarkChanged();
        return set;
    }

    /// <summary>Fills with values between −1 and 1.</summary>
    public static void Fill(Span<float> values, int seed)
    {
        var random = new System.Random(seed);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(random.NextDouble() * 2 - 1);
    }
}
