using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// The two networks for CIFAR-10 that AlexNet's first author published with cuda-convnet in 2011 (layer files <c>layers-80sec</c> and
/// <c>layers-18pct</c>; known from Caffe as cifar10_quick and cifar10_full).
/// </summary>
/// <remarks>
/// <para>
/// They expect values from 0 to 255 with the mean image subtracted, batches of 128, a learning rate of 0.001, momentum 0.9 and a weight
/// decay of 0.004; biases learn at twice the rate and do not decay, fully connected weights decay more (<c>Models.TrainingRecipe</c>).
/// </para>
/// <para>Pools round their output up: 32 → 16 → 8 → 4, and 28 → 14 → 7 → 3.</para>
/// </remarks>
public static class CudaConvnet
{
    private static readonly Initializer Bias = Initializer.Constant(0);

    /// <summary>The network that reaches 26 % error in 80 seconds on a GTX 580: <c>cifar10-quick</c>.</summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images: 32 for CIFAR-10, 28 for MNIST and Fashion-MNIST.</param>
    /// <param name="channels">3 for color images, 1 for grayscale.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Quick(int classes = 10, int imageSize = 32, int channels = 3) => new(
        "cifar10-quick",
        new Shape(imageSize, imageSize, channels),
        [
            Convolution("conv1", 32, deviation: 0.0001f),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 3, stride: 2, roundUp: true),

            Convolution("conv2", 32, deviation: 0.01f),
            new ReLU("relu2"),
            new AvgPool2d("pool2", 3, stride: 2, roundUp: true),

            Convolution("conv3", 64, deviation: 0.01f),
            new ReLU("relu3"),
            new AvgPool2d("pool3", 3, stride: 2, roundUp: true),

            new Flatten("flatten"),
            Dense("fc64", 64, deviation: 0.1f),
            new ReLU("relu4"),
            Dense("fc10", classes, deviation: 0.1f),
        ]);

    /// <summary>The network that reaches 18 % error, with response normalization within each map: <c>cifar10-full</c>.</summary>
    /// <inheritdoc cref="Quick"/>
    public static Network Full(int classes = 10, int imageSize = 32, int channels = 3) => new(
        "cifar10-full",
        new Shape(imageSize, imageSize, channels),
        [
            Convolution("conv1", 32, deviation: 0.0001f),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 3, stride: 2, roundUp: true),
            new WithinChannelNorm("rnorm1", size: 3, alpha: 0.00005f, beta: 0.75f),

            Convolution("conv2", 32, deviation: 0.01f),
            new ReLU("relu2"),
            new AvgPool2d("pool2", 3, stride: 2, roundUp: true),
            new WithinChannelNorm("rnorm2", size: 3, alpha: 0.00005f, beta: 0.75f),

            Convolution("conv3", 64, deviation: 0.01f),
            new ReLU("relu3"),
            new AvgPool2d("pool3", 3, stride: 2, roundUp: true),

            new Flatten("flatten"),
            Dense("fc10", classes, deviation: 0.01f),
        ]);

    private static Conv2d Convolution(string name, int channels, float deviation) =>
        new(name, channels, 5, padding: Padding.All(2), weightInitializer: Initializer.Normal(deviation), biasInitializer: Bias);

    private static Linear Dense(string name, int features, float deviation) => new(name, features, Initializer.Normal(deviation), Bias);
}
