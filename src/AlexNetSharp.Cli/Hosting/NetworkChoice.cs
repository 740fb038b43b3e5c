using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Makes the network that the command line asks for.</summary>
internal static class NetworkChoice
{
    /// <summary>The network's description.</summary>
    /// <param name="info">Which network.</param>
    /// <param name="classes">Values of its output.</param>
    /// <param name="imageSize">Height and width of the images; null for the size that it was made for.</param>
    /// <param name="asInNotebook">Whether the network <c>tensorflow</c> ends with a ReLU, as the notebook's does.</param>
    /// <exception cref="UsageException">A layer cannot take images of this size; the message names it.</exception>
    public static Network Create(NetworkInfo info, int classes, int? imageSize = null, bool asInNotebook = false)
    {
        int size = imageSize ?? info.Preprocessing.Crop;
        try
        {
            return asInNotebook && info.Name == "tensorflow" ? AlexNet.TensorFlow(classes, size) : info.Build(classes, size);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(FormattableString.Invariant($"network '{info.Name}' cannot take images of {size}×{size}: {e.Message}"), e);
        }
    }
}
