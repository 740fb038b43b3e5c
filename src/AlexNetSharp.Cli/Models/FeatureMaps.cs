using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Models;

/// <summary>The feature maps of a layer for an image.</summary>
internal sealed class FeatureMaps
{
    /// <summary>Decodes and preprocesses the image, and runs the network.</summary>
    /// <exception cref="UsageException">The network has no such layer, or its output is not a map.</exception>
    /// <exception cref="IOException">The image is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or the model's preprocessing is missing or does not match its network.</exception>
    public FeatureMaps(Model model, string layer, string image, IImageDecoder decoder)
    {
        Network network = model.Network;
        int index = network.IndexOf(layer);
        string[] names = [.. network.Layers.Where((_, i) => !network.OutputOf(i).IsVector).Select(l => l.Name)];
        if (index < 0)
            throw new UsageException($"--layer: network '{network.Name}' has no layer '{layer}'{NearestName.Suggestion(layer, names)}; it has {string.Join(", ", names)}");
        if (network.OutputOf(index).IsVector)
            throw new UsageException($"--layer: the output of layer '{layer}' is a vector, not maps; layers with maps are {string.Join(", ", names)}");
        Preprocessing preprocessing = model.RequirePreprocessing();
        var pixels = new PixelBuffer();
        decoder.DecodeFile(image, pixels);

        using var plan = new Plan(network, model.Parameters, new PlanOptions { KeepActivations = true });
        new Preprocessor(preprocessing).Apply(pixels, plan.Input);
        plan.Forward();
        (Network, Layer, Shape, Values) = (network, layer, network.OutputOf(index), plan.Activation(layer).ToArray());

        // The same crop before normalization, for display.
        Pixels = new float[preprocessing.Length];
        new Preprocessor(preprocessing with { Scale = 1, Mean = [], StandardDeviation = [] }).Apply(pixels, Pixels);
        IsBgr = preprocessing.ChannelOrder == ChannelOrder.Bgr;
    }

    /// <summary>The network.</summary>
    public Network Network { get; }

    /// <summary>Name of the layer.</summary>
    public string Layer { get; }

    /// <summary>Height, width and number of the maps.</summary>
    public Shape Shape { get; }

    /// <summary>The maps, [height, width, channels].</summary>
    public float[] Values { get; }

    /// <summary>The part of the image that the network sees, [height, width, channels], 0 to 255.</summary>
    public float[] Pixels { get; }

    /// <summary>Whether <see cref="Pixels"/> begin with blue.</summary>
    public bool IsBgr { get; }

    /// <summary>Describes the maps in one line.</summary>
    public string Describe() => FormattableString.Invariant(
        $"{Layer} of network {Network.Name}, {Shape.Channels} maps of {Shape.Height}×{Shape.Width}, values {Values.Min():g3} to {Values.Max():g3}");
}
