namespace AlexNetSharp.Networks;

/// <summary>One of the networks called AlexNet: where it comes from, what its files call its layers, what it wants to see, how good it is.</summary>
/// <param name="Name">Name here, for <c>--network</c>.</param>
/// <param name="Source">Where its definition comes from.</param>
/// <param name="LayerNames">What its layers are called there.</param>
/// <param name="Preprocessing">What happens to an image before it.</param>
/// <param name="ChannelOrder">Order of the colors that its published weights expect; weights are reordered to RGB when they are read.</param>
/// <param name="Top1">Published top-1 accuracy on ImageNet's validation set in percent; null without published weights.</param>
/// <param name="Top5">Published top-5 accuracy in percent.</param>
/// <param name="AccuracySource">Where the accuracy is published, and with which crops.</param>
/// <param name="Build">Makes the network for a number of classes and an image size.</param>
public sealed record NetworkInfo(
    string Name,
    string Source,
    string LayerNames,
    PreprocessingPreset Preprocessing,
    string ChannelOrder,
    double? Top1,
    double? Top5,
    string AccuracySource,
    Func<int, int, Network> Build);

public static partial class AlexNet
{
    // Mean of ImageNet's pixels as Caffe's imagenet_mean.npy gives it, averaged over the positions.
    private static readonly PreprocessingPreset s_caffePreprocessing =
        new(ResizeRule.Square, 256, 227, 1, new Rgb(122.67892f, 116.66877f, 104.00699f), new Rgb(1, 1, 1));

    /// <summary>All networks that this library knows by name.</summary>
    public static IReadOnlyList<NetworkInfo> All { get; } =
    [
        new(
            "tensorflow",
            "TensorFlow's AlexNet benchmark: github.com/tensorflow/models/tree/v1.13.0/tutorials/image/alexnet",
            "conv1/weights, conv1/biases, …; fully connected layers without names",
            PreprocessingPreset.ImageNet,
            "RGB",
            null,
            null,
            "no weights are published: the benchmark feeds noise, so the preprocessing here is torchvision's",
            (classes, imageSize) => TensorFlow(classes, imageSize, reluAfterLogits: false)),
        new(
            "torchvision",
            "github.com/pytorch/vision, torchvision/models/alexnet.py (Krizhevsky 2014)",
            "features.0, .3, .6, .8, .10 and classifier.1, .4, .6",
            PreprocessingPreset.ImageNet,
            "RGB",
            56.522,
            79.066,
            "center crop, docs.pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html (IMAGENET1K_V1)",
            Torchvision),
        new(
            "paper",
            "Krizhevsky, Sutskever, Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks",
            "first to eighth layer",
            new(ResizeRule.ShorterSide, 256, 224, 1, new Rgb(122.67892f, 116.66877f, 104.00699f), new Rgb(1, 1, 1)),
            "RGB",
            59.3,
            81.8,
            "ten crops, one network, validation set: table 2 of the paper (its weights were not published)",
            Paper),
        new(
            "caffe",
            "github.com/BVLC/caffe, models/bvlc_alexnet",
            "conv1 to conv5, fc6, fc7, fc8",
            s_caffePreprocessing,
            "BGR",
            57.1,
            80.2,
            "center crop, models/bvlc_alexnet/readme.md",
            Caffe),
        new(
            "caffenet",
            "github.com/BVLC/caffe, models/bvlc_reference_caffenet",
            "conv1 to conv5, fc6, fc7, fc8",
            s_caffePreprocessing,
            "BGR",
            57.4,
            80.4,
            "center crop, models/bvlc_reference_caffenet/readme.md",
            CaffeNet),
    ];

    /// <summary>The network named <paramref name="name"/>, or null.</summary>
    public static NetworkInfo? Find(string name) => All.FirstOrDefault(info => info.Name == name);
}
