using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// The network of Lin, Chen and Yan 2013 ("Network In Network") for ImageNet, as its first author published it for Caffe: each convolution
/// is followed by two of 1×1, and the mean of each of the last maps is a class.
/// </summary>
/// <remarks>
/// Source: https://gist.github.com/mavenlin/d802a5849de39225bcc6 (train_val.prototxt), with its names. The last pool takes the mean of the
/// whole map, 6×6 for images of 224 pixels, whatever their size.
/// </remarks>
internal static class NetworkInNetwork
{
    /// <summary>The network <c>nin</c>.</summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Of(int classes, int imageSize)
    {
        static Conv2d Conv(string name, int channels, int kernel, float deviation, int padding = 0, int stride = 1) =>
            new(name, channels, kernel, stride, Padding.All(padding), weightInitializer: Initializer.Normal(deviation));
        static MaxPool2d Pool(string name) => new(name, 3, stride: 2, roundUp: true);
        return new Network(
            "nin",
            new Shape(imageSize, imageSize, 3),
            [
                Conv("conv1", 96, 11, 0.01f, stride: 4),
                new ReLU("relu0"),
                Conv("cccp1", 96, 1, 0.05f),
                new ReLU("relu1"),
                Conv("cccp2", 96, 1, 0.05f),
                new ReLU("relu2"),
                Pool("pool0"),

                Conv("conv2", 256, 5, 0.05f, padding: 2),
                new ReLU("relu3"),
                Conv("cccp3", 256, 1, 0.05f),
                new ReLU("relu5"),
                Conv("cccp4", 256, 1, 0.05f),
                new ReLU("relu6"),
                Pool("pool2"),

                Conv("conv3", 384, 3, 0.01f, padding: 1),
                new ReLU("relu7"),
                Conv("cccp5", 384, 1, 0.05f),
                new ReLU("relu8"),
                Conv("cccp6", 384, 1, 0.05f),
                new ReLU("relu9"),
                Pool("pool3"),
                new Dropout("drop", rate: 0.5f),

                Conv("conv4-1024", 1024, 3, 0.05f, padding: 1),
                new ReLU("relu10"),
                Conv("cccp7-1024", 1024, 1, 0.05f),
                new ReLU("relu11"),
                Conv("cccp8-1024", classes, 1, 0.01f),
                new ReLU("relu12"),
                new AdaptiveAvgPool2d("pool4", 1, 1),
                new Flatten("flatten"),
            ]);
    }
}
