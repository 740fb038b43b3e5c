using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

public static partial class AlexNet
{
    /// <summary>
    /// The network of the paper (Krizhevsky, Sutskever, Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks"):
    /// widths 96-256-384-384-256, two groups in conv2, conv4 and conv5, response normalization with k 2, n 5, alpha 1e-4, beta 0.75.
    /// </summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <remarks>
    /// Section 5 gives the initial values: weights normal with deviation 0.01; biases 1 in conv2, conv4, conv5, fc6 and fc7, otherwise 0.
    /// The paper's 224 pixels give its 55 × 55 positions only with three zeros; here two before and one behind, where torchvision's
    /// positions lie.
    /// </remarks>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Paper(int classes = 1000, int imageSize = 224)
    {
        var weight = Initializer.Normal(0.01f);
        var one = Initializer.Constant(1);
        return new Network(
            "paper",
            new Shape(imageSize, imageSize, 3),
            [
                new Conv2d("conv1", 96, 11, stride: 4, padding: Padding.Explicit(2, 1, 2, 1), weightInitializer: weight),
                new ReLU("relu1"),
                new LocalResponseNorm("norm1", radius: 2, bias: 2, alpha: 1e-4f, beta: 0.75f),
                new MaxPool2d("pool1", 3, stride: 2),

                new Conv2d("conv2", 256, 5, groups: 2, padding: Padding.All(2), weightInitializer: weight, biasInitializer: one),
                new ReLU("relu2"),
                new LocalResponseNorm("norm2", radius: 2, bias: 2, alpha: 1e-4f, beta: 0.75f),
                new MaxPool2d("pool2", 3, stride: 2),

                new Conv2d("conv3", 384, 3, padding: Padding.All(1), weightInitializer: weight),
                new ReLU("relu3"),
                new Conv2d("conv4", 384, 3, groups: 2, padding: Padding.All(1), weightInitializer: weight, biasInitializer: one),
                new ReLU("relu4"),
                new Conv2d("conv5", 256, 3, groups: 2, padding: Padding.All(1), weightInitializer: weight, biasInitializer: one),
                new ReLU("relu5"),
                new MaxPool2d("pool5", 3, stride: 2),

                new Flatten("flatten"),
                new Linear("fc6", 4096, weightInitializer: weight, biasInitializer: one),
                new ReLU("relu6"),
                new Dropout("drop6", rate: 0.5f),
                new Linear("fc7", 4096, weightInitializer: weight, biasInitializer: one),
                new ReLU("relu7"),
                new Dropout("drop7", rate: 0.5f),
                new Linear("fc8", classes, weightInitializer: weight),
            ]);
    }
}
