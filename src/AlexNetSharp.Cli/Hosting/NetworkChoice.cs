using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Makes the network that the command line asks for: by its name in the catalog, or by a file that describes it.</summary>
internal static class NetworkChoice
{
    /// <summary>What stands for a network in the help.</summary>
    public const string HelpName = "NAME|FILE";

    /// <summary>The files that describe a network, for the help.</summary>
    public const string Files = "or a file that describes one: JSON (docs/networks.md), Caffe's prototxt, an ONNX graph";

    /// <summary>What a network may be.</summary>
    /// <param name="words">Words that have a meaning beside the names.</param>
    public static ValueRule<string> Rule(params string[] words) =>
        ValueRule.NameOrPath(HelpName, [.. words, .. NetworkCatalog.Names], "or a file that describes one (JSON, prototxt, ONNX)");

    /// <summary>The network as it was made.</summary>
    /// <param name="nameOrFile">One of <see cref="NetworkCatalog.Names"/>, or a file.</param>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file does not describe a network; the message names line or node.</exception>
    public static NetworkDefinition Find(string nameOrFile)
    {
        if (NetworkCatalog.Find(nameOrFile) is { } entry)
            return new NetworkDefinition(entry.Build(), entry.Preprocessing, [], entry);
        return File.Exists(nameOrFile) ? NetworkFile.Read(nameOrFile)
            : throw new FileNotFoundException($"{nameOrFile}: {(Directory.Exists(nameOrFile) ? "a folder, not a file that describes a network" : "no such file")}", nameOrFile);
    }

    /// <summary>The network for a number of classes and a size of images.</summary>
    /// <param name="nameOrFile">One of <see cref="NetworkCatalog.Names"/>, or a file.</param>
    /// <param name="classes">Values of its output; null for those that it was made for.</param>
    /// <param name="imageSize">Height and width of the images; null for the size that it was made for.</param>
    /// <param name="asInNotebook">Whether the network <c>tensorflow</c> ends with a ReLU, as the notebook's does.</param>
    /// <exception cref="UsageException">A layer cannot take images of this size, or the classes cannot be others; the message names it.</exception>
    /// <inheritdoc cref="Find"/>
    public static NetworkDefinition Create(string nameOrFile, int? classes = null, int? imageSize = null, bool asInNotebook = false)
    {
        NetworkDefinition found = Find(nameOrFile);
        Shape shape = found.Network.InputShape;
        if (imageSize is { } size)
            shape = shape.IsVector ? throw new UsageException($"--image-size: network '{found.Network.Name}' takes vectors, not images") : new Shape(size, size, shape.Channels);
        try
        {
            Network network = asInNotebook && nameOrFile == "tensorflow" ? AlexNet.TensorFlow(classes ?? found.Entry!.Classes, shape.Height) : Build(found, classes, shape);
            return new NetworkDefinition(
                network,
                imageSize is null ? found.Preprocessing : found.Preprocessing?.For(shape.Height),
                found.Classes.Count == network.OutputShape.Length ? found.Classes : [],
                found.Entry);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"network '{found.Network.Name}' cannot take images of {shape}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException($"--classes: {e.Message}", e);
        }
    }

    /// <summary>The network of a definition for other classes and images.</summary>
    /// <exception cref="ArgumentException">A layer cannot take the images.</exception>
    /// <exception cref="InvalidOperationException">It does not end in a layer whose outputs are classes.</exception>
    public static Network Build(NetworkDefinition definition, int? classes, Shape input)
    {
        if (definition.Entry is { } entry)
            return entry.Build(classes, input);
        Network network = input == definition.Network.InputShape ? definition.Network : definition.Network.WithInput(input);
        return classes is { } count ? network.WithClasses(count) : network;
    }
}
