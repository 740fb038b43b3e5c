namespace AlexNetSharp.Models;

/// <summary>The settings with which a network is trained by default.</summary>
public sealed class TrainingRecipe
{
    /// <summary>What Caffe's and cuda-convnet's networks have in common: biases learn at twice the rate and do not decay.</summary>
    private static readonly ParameterGroup s_bias = new("*.bias") { LearningRateFactor = 2, WeightDecayFactor = 0 };

    internal TrainingRecipe()
    {
    }

    /// <summary>Learning rate before the groups' factors.</summary>
    public double LearningRate { get; internal init; } = 0.01;

    /// <summary>Momentum of SGD.</summary>
    public double Momentum { get; internal init; } = 0.9;

    /// <summary>Weight decay before the groups' factors.</summary>
    public double WeightDecay { get; internal init; } = 0.0005;

    /// <summary>The Euclidean norm that gradients are clipped to; 0 for no clipping.</summary>
    public double ClipNorm { get; internal init; } = 5;

    /// <summary>Initial values: <c>network</c>, <c>he</c>, <c>paper</c> or <c>notebook</c>.</summary>
    public string Initial { get; internal init; } = "he";

    /// <summary>Normalization of the images: <c>pixel</c>, <c>channel</c> or <c>none</c>.</summary>
    public string Normalize { get; internal init; } = "channel";

    /// <summary>Factors on rate and decay by parameter.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; internal init; } = [];

    /// <summary>The recipe for a network of the catalog; the general one for any other.</summary>
    /// <remarks>
    /// Sources: cuda-convnet's <c>layer-params-80sec.cfg</c> and <c>layer-params-18pct.cfg</c> (decay 0.004 for convolutions, 0.03 and 1 for
    /// fully connected weights); Caffe's <c>train_val.prototxt</c>.
    /// </remarks>
    /// <param name="network">Name of the network.</param>
    public static TrainingRecipe For(string network) => NetworkCatalog.Find(network)?.Recipe ?? new();

    /// <summary>Caffe's: the general one, and its factors for biases.</summary>
    internal static TrainingRecipe Caffe() => new() { Groups = [s_bias] };

    /// <summary>That of Caffe's LeNet: initial values of the network, biases at twice the rate, which decay as weights do; images in [0, 1).</summary>
    internal static TrainingRecipe LeNet() => new() { ClipNorm = 0, Initial = "network", Normalize = "none", Groups = [new("*.bias") { LearningRateFactor = 2 }] };

    /// <summary>cuda-convnet's for its networks for CIFAR-10.</summary>
    /// <param name="fullyConnectedDecay">Weight decay of fully connected weights, as a multiple of that of kernels.</param>
    internal static TrainingRecipe CudaConvnet(float fullyConnectedDecay) => new()
    {
        LearningRate = 0.001,
        WeightDecay = 0.004,
        ClipNorm = 0,
        Initial = "network",
        Normalize = "pixel",
        Groups = [s_bias, new("fc*.weight") { WeightDecayFactor = fullyConnectedDecay }],
    };
}
