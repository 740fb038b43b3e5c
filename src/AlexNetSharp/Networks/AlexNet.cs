using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>The networks known as AlexNet, each named after the source of its definition.</summary>
public static partial class AlexNet
{
    /// <summary>
    /// The network of TensorFlow's AlexNet benchmark, as in the notebook: widths 64-192-384-256-256, SAME padding, response
    /// normalization after conv1 and conv2, dropout after fc6 and fc7.
    /// </summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="reluAfterLogits">
    /// Whether a ReLU follows fc8, as in the notebook. A network that is trained with cross-entropy goes without.
    /// </param>
    /// <remarks>
    /// Initial values as in the notebook: kernels from a truncated normal of deviation 0.1 with biases 0; fully connected weights and
    /// biases from a truncated normal of deviation 1.
    /// </remarks>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network TensorFlow(int classes = 1000, int imageSize = 224, bool reluAfterLogits = true)
    {
        var kernels = Initializer.TruncatedNormal(0.1f);
        var dense = Initializer.TruncatedNormal(1);
        Padding same = Padding.Same;

        List<Layer> layers =
        [
            new Conv2d("conv1", 64, 11, stride: 4, padding: same, weightInitializer: kernels),
            new ReLU("relu1"),
            new LocalResponseNorm("lrn1", radius: 4, bias: 1, alpha: 0.001f / 9, beta: 0.75f),
            new MaxPool2d("pool1", 3, stride: 2),

            new Conv2d("conv2", 192, 5, padding: same, weightInitializer: kernels),
            new ReLU("relu2"),
            new LocalResponseNorm("lrn2", radius: 4, bias: 1, alpha: 0.001f / 9, beta: 0.75f),
            new MaxPool2d("pool2", 3, stride: 2),

            new Conv2d("conv3", 384, 3, padding: same, weightInitializer: kernels),
            new ReLU("relu3"),
            new Conv2d("conv4", 256, 3, padding: same, weightInitializer: kernels),
            new ReLU("relu4"),
            new Conv2d("conv5", 256, 3, padding: same, weightInitializer: kernels),
            new ReLU("relu5"),
            new MaxPool2d("pool5", 3, stride: 2),

            new Flatten("flatten"),
            new Linear("fc6", 4096, weightInitializer: dense, biasInitializer: dense),
            new ReLU("relu6"),
            new Dropout("drop6", rate: 0.5f),
            new Linear("fc7", 4096, weightInitializer: dense, biasInitializer: dense),
            new ReLU("relu7"),
            new Dropout("drop7", rate: 0.5f),
            new Linear("fc8", classes, weightInitializer: dense, biasInitializer: dense),
        ];
        if (reluAfterLogits)
            layers.Add(new ReLU("relu8"));
        return new Network("tensorflow", new Shape(imageSize, imageSize, 3), layers);
    }
}
