using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

public static partial class AlexNet
{
    /// <summary>
    /// torchvision's network ("One weird trick for parallelizing convolutional neural networks", Krizhevsky 2014, one tower): widths
    /// 64-192-384-256-256, no response normalization, dropout before fc6 and fc7, an adaptive average pool to 6×6 in front of fc6.
    /// </summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images; at least 63.</param>
    /// <remarks>
    /// Source: https://github.com/pytorch/vision/blob/main/torchvision/models/alexnet.py. Initial weights are He's, where PyTorch draws
    /// from a uniform distribution.
    /// </remarks>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Torchvision(int classes = 1000, int imageSize = 224) => new(
        "torchvision",
        new Shape(imageSize, imageSize, 3),
        [
            new Conv2d("conv1", 64, 11, stride: 4, padding: Padding.All(2)),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 3, stride: 2),

            new Conv2d("conv2", 192, 5, padding: Padding.All(2)),
            new ReLU("relu2"),
            new MaxPool2d("pool2", 3, stride: 2),

            new Conv2d("conv3", 384, 3, padding: Padding.All(1)),
            new ReLU("relu3"),
            new Conv2d("conv4", 256, 3, padding: Padding.All(1)),
            new ReLU("relu4"),
            new Conv2d("conv5", 256, 3, padding: Padding.All(1)),
            new ReLU("relu5"),
            new MaxPool2d("pool5", 3, stride: 2),
            new AdaptiveAvgPool2d("avgpool", 6, 6),

            new Flatten("flatten"),
            new Dropout("drop6", rate: 0.5f),
            new Linear("fc6", 4096),
            new ReLU("relu6"),
            new Dropout("drop7", rate: 0.5f),
            new Linear("fc7", 4096),
            new ReLU("relu7"),
            new Linear("fc8", classes),
        ]);
}
