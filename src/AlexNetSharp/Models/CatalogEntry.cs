using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>A published network: its layers and their source, its preprocessing, and its accuracy.</summary>
public sealed class CatalogEntry
{
    internal CatalogEntry()
    {
    }

    /// <summary>Name in this library, as for <c>--network</c>.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Source of the definition.</summary>
    public string Source { get; internal init; } = "";

    /// <summary>Names of its layers in the source.</summary>
    public string LayerNames { get; internal init; } = "";

    /// <summary>How its images are preprocessed, at its standard size.</summary>
    public Preprocessing Preprocessing { get; internal init; } = new();

    /// <summary>Order of the colors that its published weights expect; weights are reordered to RGB when they are read.</summary>
    public ChannelOrder PublishedOrder { get; internal init; } = ChannelOrder.Rgb;

    /// <summary>What happens to an image before weights of this network that were published for Caffe, apart from the order of the colors; null if none were.</summary>
    internal Preprocessing? CaffePreprocessing { get; init; }

    /// <summary>Whether weights that come from Caffe expect blue, green, red.</summary>
    internal bool IsBgrInCaffe => PublishedOrder == ChannelOrder.Bgr || CaffePreprocessing is not null;

    /// <summary>The dataset that it was designed for.</summary>
    public string Dataset { get; internal init; } = "";

    /// <summary>Classes of that dataset.</summary>
    public int Classes { get; internal init; }

    /// <summary>Published top-1 accuracy in percent; null if none is.</summary>
    public double? Top1 { get; internal init; }

    /// <summary>Published top-5 accuracy in percent; null if none is.</summary>
    public double? Top5 { get; internal init; }

    /// <summary>Where the accuracy is published, and with which crops.</summary>
    public string AccuracySource { get; internal init; } = "";

    /// <summary>How it is trained by default.</summary>
    internal TrainingRecipe Recipe { get; init; } = new();

    /// <summary>Whether images may have a number of channels other than 3.</summary>
    public bool AnyChannels { get; internal init; }

    /// <summary>Makes the layers for a number of classes and an input.</summary>
    internal Func<int, Shape, Network> Layers { get; init; } = null!;

    /// <summary>Builds the network.</summary>
    /// <param name="classes">Number of outputs; null for <see cref="Classes"/>.</param>
    /// <param name="input">Shape of an image; null for the network's standard size.</param>
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
