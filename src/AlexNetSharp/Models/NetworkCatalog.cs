using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The networks that this library knows by name.</summary>
public static class NetworkCatalog
{
    private const string ImageNet = "ImageNet", Cifar10 = "CIFAR-10";

    // Mean of ImageNet's pixels as Caffe's imagenet_mean.npy gives it, averaged over the positions.
    private static readonly Preprocessing s_caffe = new()
    {
        Resize = ResizeMode.Square,
        ResizeTo = 256,
        CropHeight = 227,
        CropWidth = 227,
        Mean = [122.67892f, 116.66877f, 104.00699f],
    };

    // cuda-convnet subtracts the mean image of the training set; before a training there is only the mean color of CIFAR-10's.
    private static readonly Preprocessing s_cifar = new()
    {
        Resize = ResizeMode.Square,
        ResizeTo = 32,
        CropHeight = 32,
        CropWidth = 32,
        Mean = [125.3069f, 122.9501f, 113.8660f],
    };

    /// <summary>All entries.</summary>
    public static IReadOnlyList<CatalogEntry> All { get; } =
    [
        new()
        {
            Name = "tensorflow",
            Source = "TensorFlow's AlexNet benchmark: github.com/tensorflow/models/tree/v1.13.0/tutorials/image/alexnet",
            LayerNames = "conv1/weights, conv1/biases, …; fully connected layers without names",
            Preprocessing = Preprocessing.ImageNet,
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            AccuracySource = "no weights are published: the benchmark feeds noise, so the preprocessing here is torchvision's",
            Layers = (classes, input) => AlexNet.TensorFlow(classes, input.Height, reluAfterLogits: false),
        },
        new()
        {
            Name = "torchvision",
            Source = "github.com/pytorch/vision, torchvision/models/alexnet.py (Krizhevsky 2014)",
            LayerNames = "features.0, .3, .6, .8, .10 and classifier.1, .4, .6",
            Preprocessing = Preprocessing.ImageNet,
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 56.522,
            Top5 = 79.066,
            AccuracySource = "center crop, docs.pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html (IMAGENET1K_V1)",
            Layers = (classes, input) => AlexNet.Torchvision(classes, input.Height),
        },
        new()
        {
            Name = "paper",
            Source = "Krizhevsky, Sutskever, Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks",
            LayerNames = "first to eighth layer",
            Preprocessing = new Preprocessing { Mean = s_caffe.Mean },
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 59.3,
            Top5 = 81.8,
            AccuracySource = "ten crops, one network, validation set: table 2 of the paper (its weights were not published)",
            Layers = (classes, input) => AlexNet.Paper(classes, input.Height),
        },
        new()
        {
            Name = "caffe",
            Source = "github.com/BVLC/caffe, models/bvlc_alexnet",
            LayerNames = "conv1 to conv5, fc6, fc7, fc8",
            Preprocessing = s_caffe,
            PublishedOrder = ChannelOrder.Bgr,
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 57.1,
            Top5 = 80.2,
            AccuracySource = "center crop, models/bvlc_alexnet/readme.md",
            Recipe = TrainingRecipe.Caffe(),
            Layers = (classes, input) => AlexNet.Caffe(classes, input.Height),
        },
        new()
        {
            Name = "caffenet",
            Source = "github.com/BVLC/caffe, models/bvlc_reference_caffenet",
            LayerNames = "conv1 to conv5, fc6, fc7, fc8",
            Preprocessing = s_caffe,
            PublishedOrder = ChannelOrder.Bgr,
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 57.4,
            Top5 = 80.4,
            AccuracySource = "center crop, models/bvlc_reference_caffenet/readme.md",
            Recipe = TrainingRecipe.Caffe(),
            Layers = (classes, input) => AlexNet.CaffeNet(classes, input.Height),
        },
        new()
        {
            Name = "cifar10-quick",
            Source = "code.google.com/archive/p/cuda-convnet, layers-80sec (Krizhevsky 2011); Caffe's cifar10_quick",
            LayerNames = "conv1 to conv3, fc64, fc10",
            Preprocessing = s_cifar,
            Dataset = Cifar10,
            Classes = 10,
            Top1 = 74,
            AccuracySource = "26 % error in 80 seconds, cuda-convnet's methodology page",
            Recipe = TrainingRecipe.CudaConvnet(fullyConnectedDecay: 7.5f),
            AnyChannels = true,
            Layers = (classes, input) => CudaConvnet.Quick(classes, input.Height, input.Channels),
        },
        new()
        {
            Name = "cifar10-full",
            Source = "code.google.com/archive/p/cuda-convnet, layers-18pct (Krizhevsky 2011); Caffe's cifar10_full",
            LayerNames = "conv1 to conv3, fc10",
            Preprocessing = s_cifar,
            Dataset = Cifar10,
            Classes = 10,
            Top1 = 82,
            AccuracySource = "18 % error without augmentation, cuda-convnet's methodology page",
            Recipe = TrainingRecipe.CudaConvnet(fullyConnectedDecay: 250),
            AnyChannels = true,
            Layers = (classes, input) => CudaConvnet.Full(classes, input.Height, input.Channels),
        },
    ];

    /// <summary>The names of all entries.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(entry => entry.Name)];

    /// <summary>The entry named <paramref name="name"/>, or null.</summary>
    public static CatalogEntry? Find(string name) => All.FirstOrDefault(entry => entry.Name == name);

    /// <summary>The entry named <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the names.</exception>
    public static CatalogEntry Get(string name) => Find(name)
        ?? throw new ArgumentException($"'{name}' is not a known network; known are {string.Join(", ", Names)}", nameof(name));
}
