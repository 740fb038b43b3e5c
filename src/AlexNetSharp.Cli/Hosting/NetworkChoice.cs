using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Makes the network that the command line asks for.</summary>
internal static class NetworkChoice
{
    /// <summary>The network's description.</summary>
    /// <param name="name">Which network, one of <see cref="NetworkCatalog.Names"/>.</param>
    /// <param name="classes">Values of its output; null for those of the dataset that it was made for.</param>
    /// <param name="imageSize">Height and width of the images; null for the size that it was made for.</param>
    /// <param name="asInNotebook">Whether the network <c>tensorflow</c> ends with a ReLU, as the notebook's does.</param>
    /// <exception cref="UsageException">A layer cannot take images of this size; the message names it.</exception>
    public static Network Create(string name, int? classes = null, int? imageSize = null, bool asInNotebook = false)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        try
        {
            return asInNotebook && name == "tensorflow" ? AlexNet.TensorFlow(classes ?? entry.Classes, imageSize ?? entry.Preprocessing.CropHeight)
                : entry.Build(classes, imageSize is { } size ? new Shape(size, size, 3) : null);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(FormattableString.Invariant($"network '{name}' cannot take images of {imageSize}×{imageSize}: {e.Message}"), e);
        }
    }
}
