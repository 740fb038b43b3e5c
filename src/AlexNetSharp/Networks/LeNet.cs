using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// LeNet-5 (LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition") in the form in which it is passed around: Caffe's,
/// with ReLU, maximum pools and wider layers than the paper's.
/// </summary>
/// <remarks>
/// Source: https://github.com/BVLC/caffe/blob/master/examples/mnist/lenet_train_test.prototxt. Weights begin with the variance of Glorot and
/// Bengio 2010, 1 / inputs; a uniform distribution there, a normal one here.
/// </remarks>
internal static class LeNet
{
    /// <summary>The network <c>lenet5</c>.</summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="channels">1 for gray images, 3 for colored ones.</param>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Of(int classes, int imageSize, int channels)
    {
        static Initializer Weight(long inputs) => Initializer.Normal(1 / MathF.Sqrt(inputs));
        int flat = 50 * Math.Max(1, ((imageSize - 4) / 2 - 4) / 2) * Math.Max(1, ((imageSize - 4) / 2 - 4) / 2);
        return new Network(
            "lenet5",
            new Shape(imageSize, imageSize, channels),
            [
                new Conv2d("conv1", 20, 5, weightInitializer: Weight(25 * channels)),
                new MaxPool2d("pool1", 2, stride: 2, roundUp: true),
                new Conv2d("conv2", 50, 5, weightInitializer: Weight(25 * 20)),
                new MaxPool2d("pool2", 2, stride: 2, roundUp: true),
                new Flatten("flatten"),
                new Linear("ip1", 500, weightInitializer: Weight(flat)),
                new ReLU("relu1"),
                new Linear("ip2", classes, weightInitializer: Weight(500)),
            ]);
    }
}
