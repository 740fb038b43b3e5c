using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// The network of Zeiler and Fergus 2013 ("Visualizing and Understanding Convolutional Networks", figure 3): an AlexNet on one tower whose
/// first convolutions have smaller kernels and strides, with pooling before normalization.
/// </summary>
/// <remarks>
/// The maps of the figure, 110, 55, 26, 13 and 6 pixels wide, come from one zero around the images and pools that round up. "Contrast
/// normalized across feature maps" is the 2012 paper's response normalization in Caffe's form. Section 3 gives the initial values: weights
/// 0.01, biases 0.
/// </remarks>
internal static class ZfNet
{
    /// <summary>The network <c>zfnet</c>.</summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Of(int classes, int imageSize)
    {
        var weight = Initializer.Normal(0.01f);
        return new Network(
            "zfnet",
            new Shape(imageSize, imageSize, 3),
            [
                new Conv2d("conv1", 96, 7, stride: 2, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu1"),
                new MaxPool2d("pool1", 3, stride: 2, roundUp: true),
                new LocalResponseNorm("norm1", radius: 2, bias: 1, alpha: 1e-4f / 5, beta: 0.75f),

                new Conv2d("conv2", 256, 5, stride: 2, weightInitializer: weight),
                new ReLU("relu2"),
                new MaxPool2d("pool2", 3, stride: 2, roundUp: true),
                new LocalResponseNorm("norm2", radius: 2, bias: 1, alpha: 1e-4f / 5, beta: 0.75f),

                new Conv2d("conv3", 384, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu3"),
                new Conv2d("conv4", 384, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu4"),
                new Conv2d("conv5", 256, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu5"),
                new MaxPool2d("pool5", 3, stride: 2, roundUp: true),

                new Flatten("flatten"),
                new Linear("fc6", 4096, weightInitializer: weight),
                new ReLU("relu6"),
                new Dropout("drop6", rate: 0.5f),
                new Linear("fc7", 4096, weightInitializer: weight),
                new ReLU("relu7"),
                new Dropout("drop7", rate: 0.5f),
                new Linear("fc8", classes, weightInitializer: weight),
            ]);
    }
}
