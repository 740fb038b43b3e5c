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

    // The authors' own weights of the 16 and 19 layers: both programs' means are those of ImageNet's colors.
    private static readonly Preprocessing s_vggCaffe = new() { Mean = [123.68f, 116.779f, 103.939f] };

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
        Vgg(11, 69.020, 88.628),
        Vgg(13, 69.928, 89.246),
        Vgg(16, 71.592, 90.382, s_vggCaffe),
        Vgg(19, 72.376, 90.876, s_vggCaffe),
        new()
        {
            Name = "overfeat",
            Source = "github.com/soumith/convnet-benchmarks, torch7/imagenet_winners/overfeat.lua (Sermanet et al. 2013, OverFeat, fast network)",
            LayerNames = "without names: Sequential of features and classifier",
            // OverFeat's program subtracts one mean from all channels and divides by one standard deviation.
            Preprocessing = new Preprocessing
            {
                CropHeight = 231,
                CropWidth = 231,
                Mean = [118.380948f, 118.380948f, 118.380948f],
                StandardDeviation = [61.896913f, 61.896913f, 61.896913f],
            },
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            AccuracySource = "none given here: the paper evaluates several scales and offsets of a view, not one crop",
            Layers = (classes, input) => OverFeat.Fast(classes, input.Height),
        },
        new()
        {
            Name = "zfnet",
            Source = "Zeiler, Fergus 2013, Visualizing and Understanding Convolutional Networks, figure 3",
            LayerNames = "layers 1 to 7 and the output",
            Preprocessing = new Preprocessing { Mean = s_caffe.Mean },
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 61.6,
            Top5 = 83.5,
            AccuracySource = "one network as in figure 3, validation set: table 2 of the paper (its weights were not published)",
            Layers = (classes, input) => ZfNet.Of(classes, input.Height),
        },
        new()
        {
            Name = "nin",
            Source = "gist.github.com/mavenlin/d802a5849de39225bcc6, nin_imagenet (Lin, Chen, Yan 2013, Network In Network)",
            LayerNames = "conv1, cccp1, cccp2, conv2, …, cccp8-1024",
            Preprocessing = s_caffe with { CropHeight = 224, CropWidth = 224 },
            PublishedOrder = ChannelOrder.Bgr,
            Dataset = ImageNet,
            Classes = ImageNetClasses.Count,
            Top1 = 59.36,
            AccuracySource = "one crop, validation set: readme.md of the gist",
            Recipe = TrainingRecipe.Caffe(),
            Layers = (classes, input) => NetworkInNetwork.Of(classes, input.Height),
        },
        new()
        {
            Name = "lenet5",
            Source = "github.com/BVLC/caffe, examples/mnist/lenet_train_test.prototxt (LeCun et al. 1998)",
            LayerNames = "conv1, conv2, ip1, ip2",
            Preprocessing = new Preprocessing
            {
                Resize = ResizeMode.Square,
                ResizeTo = 28,
                CropHeight = 28,
                CropWidth = 28,
                ChannelOrder = ChannelOrder.Gray,
                Scale = 1f / 256,
            },
            Dataset = "MNIST",
            Classes = 10,
            Top1 = 98.97,
            AccuracySource = "test set after 10,000 iterations: the log in Caffe's tutorial on MNIST, examples/mnist/readme.md",
            Recipe = TrainingRecipe.LeNet(),
            AnyChannels = true,
            Layers = (classes, input) => LeNet.Of(classes, input.Height, input.Channels),
        },
    ];

    /// <summary>torchvision's VGG with this many layers.</summary>
    private static CatalogEntry Vgg(int depth, double top1, double top5, Preprocessing? caffe = null) => new()
    {
        Name = FormattableString.Invariant($"vgg{depth}"),
        Source = "github.com/pytorch/vision, torchvision/models/vgg.py (Simonyan, Zisserman 2014)",
        LayerNames = "features.0, … and classifier.0, .3, .6",
        Preprocessing = Preprocessing.ImageNet,
        CaffePreprocessing = caffe,
        Dataset = ImageNet,
        Classes = ImageNetClasses.Count,
        Top1 = top1,
        Top5 = top5,
        AccuracySource = FormattableString.Invariant($"center crop, docs.pytorch.org/vision/stable/models/generated/torchvision.models.vgg{depth}.html (IMAGENET1K_V1)"),
        Layers = (classes, input) => Networks.Vgg.Of(depth, classes, input.Height),
    };

    /// <summary>The names of all entries.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(entry => entry.Name)];

    /// <summary>The entry named <paramref name="name"/>, or null.</summary>
    public static CatalogEntry? Find(string name) => All.FirstOrDefault(entry => entry.Name == name);

    /// <summary>The network of the catalog that computes what <paramref name="network"/> computes, for as many classes; null if none does.</summary>
    internal static (CatalogEntry Entry, Network Network)? Match(Network network)
    {
        if (!network.OutputShape.IsVector || network.InputShape.IsVector)
            return null;
        foreach (CatalogEntry entry in All)
        {
            try
            {
                Network built = entry.Build((int)network.OutputShape.Length, network.InputShape);
                if (NetworkEquivalence.Same(built, network))
                    return (entry, built);
            }
            catch (ArgumentException)
            {
                // It does not take such images.
            }
        }
        return null;
    }

    /// <summary>The entry named <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the names.</exception>
    public static CatalogEntry Get(string name) => Find(name)
        ?? throw new ArgumentException($"'{name}' is not a known network; known are {string.Join(", ", Names)}", nameof(name));
}
