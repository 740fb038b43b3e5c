using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Finds networks by the names that files and command lines use.</summary>
public static class NetworkCatalog
{
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. AlexNet.All.Select(info => info.Name), "cifar10-quick", "cifar10-full"];

    /// <summary>The network of that name for a number of classes and square images, or null.</summary>
    /// <param name="name">A name.</param>
    /// <param name="classes">Values of the output.</param>
    /// <param name="input">Shape of an image; null for the size that the network was made for.</param>
    /// <exception cref="ArgumentException">A layer cannot take images of this size, or they are not square or not of 3 channels.</exception>
    public static Network? Build(string name, int classes, Shape? input)
    {
        if (input is { } shape && (shape.Height != shape.Width || shape.IsVector))
            throw new ArgumentException($"network '{name}' needs square images, not {shape}");
        if (AlexNet.Find(name) is { } info)
        {
            if (input is { Channels: not 3 })
                throw new ArgumentException($"network '{name}' needs images of 3 channels, not {input}");
            return info.Build(classes, input?.Height ?? info.Preprocessing.Crop);
        }
        return name switch
        {
            "cifar10-quick" => CudaConvnet.Quick(classes, input?.Height ?? 32, input?.Channels ?? 3),
            "cifar10-full" => CudaConvnet.Full(classes, input?.Height ?? 32, input?.Channels ?? 3),
            _ => null,
        };
    }
}
