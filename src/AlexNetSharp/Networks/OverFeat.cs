using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// The fast network of OverFeat (Sermanet et al. 2013, "OverFeat: Integrated Recognition, Localization and Detection using Convolutional
/// Networks", table 1), as convnet-benchmarks times it.
/// </summary>
/// <remarks>
/// Source: https://github.com/soumith/convnet-benchmarks/blob/master/torch7/imagenet_winners/overfeat.lua; the dropout of the paper, which
/// is a comment there, is a layer here. Initial values are those of section 3.1: a normal distribution of standard deviation 0.01.
/// </remarks>
internal static class OverFeat
{
    /// <summary>The network <c>overfeat</c>.</summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Fast(int classes, int imageSize)
    {
        var weight = Initializer.Normal(0.01f);
        return new Network(
            "overfeat",
            new Shape(imageSize, imageSize, 3),
            [
                new Conv2d("conv1", 96, 11, stride: 4, weightInitializer: weight),
                new ReLU("relu1"),
                new MaxPool2d("pool1", 2, stride: 2),

                new Conv2d("conv2", 256, 5, weightInitializer: weight),
                new ReLU("relu2"),
                new MaxPool2d("pool2", 2, stride: 2),

                new Conv2d("conv3", 512, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu3"),
                new Conv2d("conv4", 1024, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu4"),
                new Conv2d("conv5", 1024, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu5"),
                new MaxPool2d("pool5", 2, stride: 2),

                new Flatten("flatten"),
                new Dropout("drop6", rate: 0.5f),
                new Linear("fc6", 3072, weightInitializer: weight),
                new ReLU("relu6"),
                new Dropout("drop7", rate: 0.5f),
                new Linear("fc7", 4096, weightInitializer: weight),
                new ReLU("relu7"),
                new Linear("fc8", classes, weightInitializer: weight),
            ]);
    }
}
