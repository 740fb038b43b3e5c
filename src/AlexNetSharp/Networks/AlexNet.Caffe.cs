using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

public static partial class AlexNet
{
    /// <summary>
    /// Caffe's bvlc_alexnet: the paper's widths and groups on 227 pixels without padding, normalization before pooling.
    /// </summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <remarks>
    /// Source: https://github.com/BVLC/caffe/tree/master/models/bvlc_alexnet (train_val.prototxt: layers and initial values; the
    /// factors 2 and 0 on rate and decay of the biases stand in <c>Models.TrainingRecipe</c>). Caffe divides alpha by the window's size, hence 1e-4 / 5 here.
    /// </remarks>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network Caffe(int classes = 1000, int imageSize = 227) =>
        CaffeLike("caffe", classes, imageSize, hiddenBias: 0.1f, poolFirst: false);

    /// <summary>
    /// Caffe's bvlc_reference_caffenet: as <see cref="Caffe"/>, but pooling comes before normalization and hidden biases begin at 1.
    /// </summary>
    /// <param name="classes">Number of outputs.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <remarks>Source: https://github.com/BVLC/caffe/tree/master/models/bvlc_reference_caffenet.</remarks>
    /// <exception cref="ArgumentException">The images are too small for a layer; the message names it.</exception>
    public static Network CaffeNet(int classes = 1000, int imageSize = 227) =>
        CaffeLike("caffenet", classes, imageSize, hiddenBias: 1, poolFirst: true);

    private static Network CaffeLike(string name, int classes, int imageSize, float hiddenBias, bool poolFirst)
    {
        static Initializer Weight(float deviation) => Initializer.Normal(deviation);
        static Initializer Bias(float value) => Initializer.Constant(value);
        static LocalResponseNorm Norm(string name) => new(name, radius: 2, bias: 1, alpha: 1e-4f / 5, beta: 0.75f);
        static MaxPool2d Pool(string name) => new(name, 3, stride: 2, roundUp: true);
        Layer[] Reduce(int stage) => poolFirst
            ? [Pool(FormattableString.Invariant($"pool{stage}")), Norm(FormattableString.Invariant($"norm{stage}"))]
            : [Norm(FormattableString.Invariant($"norm{stage}")), Pool(FormattableString.Invariant($"pool{stage}"))];

        return new Network(
            name,
            new Shape(imageSize, imageSize, 3),
            [
                new Conv2d("conv1", 96, 11, stride: 4, weightInitializer: Weight(0.01f), biasInitializer: Bias(0)),
                new ReLU("relu1"),
                .. Reduce(1),

                new Conv2d("conv2", 256, 5, groups: 2, padding: Padding.All(2), weightInitializer: Weight(0.01f), biasInitializer: Bias(hiddenBias)),
                new ReLU("relu2"),
                .. Reduce(2),

                new Conv2d("conv3", 384, 3, padding: Padding.All(1), weightInitializer: Weight(0.01f), biasInitializer: Bias(0)),
                new ReLU("relu3"),
                new Conv2d("conv4", 384, 3, groups: 2, padding: Padding.All(1), weightInitializer: Weight(0.01f), biasInitializer: Bias(hiddenBias)),
                new ReLU("relu4"),
                new Conv2d("conv5", 256, 3, groups: 2, padding: Padding.All(1), weightInitializer: Weight(0.01f), biasInitializer: Bias(hiddenBias)),
                new ReLU("relu5"),
                Pool("pool5"),

                new Flatten("flatten"),
                new Linear("fc6", 4096, weightInitializer: Weight(0.005f), biasInitializer: Bias(hiddenBias)),
                new ReLU("relu6"),
                new Dropout("drop6", rate: 0.5f),
                new Linear("fc7", 4096, weightInitializer: Weight(0.005f), biasInitializer: Bias(hiddenBias)),
                new ReLU("relu7"),
                new Dropout("drop7", rate: 0.5f),
                new Linear("fc8", classes, weightInitializer: Weight(0.01f), biasInitializer: Bias(0)),
            ]);
    }
}
