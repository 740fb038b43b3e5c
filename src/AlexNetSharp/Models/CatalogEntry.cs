using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>A published network: its layers, where they come from, what it wants to see, and how good it is.</summary>
public sealed class CatalogEntry
{
    /// <summary>Name here, for <c>--network</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where its definition comes from.</summary>
    public required string Source { get; init; }

    /// <summary>What its layers are called there.</summary>
    public required string LayerNames { get; init; }

    /// <summary>What happens to an image before it, at the size that it was made for.</summary>
    public required Preprocessing Preprocessing { get; init; }

    /// <summary>Order of the colors that its published weights expect; weights are reordered to RGB when they are read.</summary>
    public ChannelOrder PublishedOrder { get; init; } = ChannelOrder.Rgb;

    /// <summary>What happens to an image before weights of this network that were published for Caffe, apart from the order of the colors; null if none were.</summary>
    internal Preprocessing? CaffePreprocessing { get; init; }

    /// <summary>Whether weights that come from Caffe expect blue, green, red.</summary>
    internal bool IsBgrInCaffe => PublishedOrder == ChannelOrder.Bgr || CaffePreprocessing is not null;

    /// <summary>The dataset that it was made for.</summary>
    public required string Dataset { get; init; }

    /// <summary>Classes of that dataset.</summary>
    public required int Classes { get; init; }

    /// <summary>Published top-1 accuracy in percent; null if none is.</summary>
    public double? Top1 { get; init; }

    /// <summary>Published top-5 accuracy in percent; null if none is.</summary>
    public double? Top5 { get; init; }

    /// <summary>Where the accuracy is published, and with which crops.</summary>
    public required string AccuracySource { get; init; }

    /// <summary>How it is trained unless somebody says otherwise.</summary>
    public TrainingRecipe Recipe { get; init; } = new();

    /// <summary>Whether images may have another number of channels than 3.</summary>
    public bool AnyChannels { get; init; }

    /// <summary>Makes the layers for a number of classes and an input.</summary>
    internal Func<int, Shape, Network> Layers { get; init; } = null!;

    /// <summary>The network.</summary>
    /// <param name="classes">Values of the output; null for <see cref="Classes"/>.</param>
    /// <param name="input">Shape of an image; null for the size that the network was made for.</param>
    /// <exception cref="ArgumentException">A layer cannot take images of this size, or they are not square or not of 3 channels.</exception>
    public Network Build(int? classes = null, Shape? input = null)
    {
        Shape shape = input ?? new Shape(Preprocessing.CropHeight, Preprocessing.CropWidth, Preprocessing.Channels);
        if (shape.Height != shape.Width || shape.IsVector)
            throw new ArgumentException($"network '{Name}' needs square images, not {shape}");
        if (shape.Channels != 3 && !AnyChannels)
            throw new ArgumentException($"network '{Name}' needs images of 3 channels, not {shape}");
        return Layers(classes ?? Classes, shape);
    }

    /// <summary>What happens to an image before this network when it takes images of another shape; null if that cannot be told.</summary>
    /// <param name="input">The shape.</param>
    /// <param name="fromCaffe">Whether the weights were trained with Caffe.</param>
    internal Preprocessing? PreprocessingFor(Shape input, bool fromCaffe = false) =>
        input.Height == input.Width && input.Channels == Preprocessing.Channels ? ((fromCaffe ? CaffePreprocessing : null) ?? Preprocessing).For(input.Height) : null;
}
