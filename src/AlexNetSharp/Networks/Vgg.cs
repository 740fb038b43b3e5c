using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// The networks of Simonyan and Zisserman 2014 ("Very Deep Convolutional Networks for Large-Scale Image Recognition", configurations A, B,
/// D and E), as torchvision builds them and with its names: 3×3 convolutions in five blocks, each ended by a 2×2 max pool.
/// </summary>
/// <remarks>
/// Source: https://github.com/pytorch/vision/blob/main/torchvision/models/vgg.py. Convolutions begin with He's values there, too; fully
/// connected layers with a normal distribution of standard deviation 0.01.
/// </remarks>
internal static class Vgg
{
    /// <summary>Convolutions in each of the five blocks, by the number of layers with weights.</summary>
    private static int[] Blocks(int depth) => depth switch
    {
        11 => [1, 1, 2, 2, 2],
        13 => [2, 2, 2, 2, 2],
        16 => [2, 2, 3, 3, 3],
        _ => [2, 2, 4, 4, 4],
    };

    /// <summary>The network <c>vgg11</c>, <c>vgg13</c>, <c>vgg16</c> or <c>vgg19</c>.</summary>
    /// <param name="depth">Layers with weights: 11, 13, 16 or 19.</param>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images; at least 32.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Of(int depth, int classes, int imageSize)
    {
        var layers = new List<Layer>();
        int number = 0;
        string Features() => FormattableString.Invariant($"features.{number++}");
        foreach ((int convolutions, int channels) in Blocks(depth).Zip([64, 128, 256, 512, 512]))
        {
            for (int i = 0; i < convolutions; i++)
            {
                layers.Add(new Conv2d(Features(), channels, 3, padding: Padding.All(1)));
                layers.Add(new ReLU(Features()));
            }
            layers.Add(new MaxPool2d(Features(), 2, stride: 2));
        }
        var weight = Initializer.Normal(0.01f);
        return new Network(
            FormattableString.Invariant($"vgg{depth}"),
            new Shape(imageSize, imageSize, 3),
            [
                .. layers,
                new AdaptiveAvgPool2d("avgpool", 7, 7),
                new Flatten("flatten"),
                new Linear("classifier.0", 4096, weightInitializer: weight),
                new ReLU("classifier.1"),
                new Dropout("classifier.2", rate: 0.5f),
                new Linear("classifier.3", 4096, weightInitializer: weight),
                new ReLU("classifier.4"),
                new Dropout("classifier.5", rate: 0.5f),
                new Linear("classifier.6", classes, weightInitializer: weight),
            ]);
    }
}
