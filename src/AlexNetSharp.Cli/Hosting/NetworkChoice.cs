using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Creates the network given on the command line, by its name in the catalog or by a file that describes it.</summary>
internal static class NetworkChoice
{
    /// <summary>Placeholder for a network in the help.</summary>
    public const string HelpName = "NAME|FILE";

    /// <summary>The files that describe a network, for the help.</summary>
    public const string Files = "or a file that describes one: JSON (docs/networks.md), Caffe's prototxt, an ONNX graph";

    /// <summary>Rule for a network.</summary>
    /// <param name="words">Additional words that are allowed.</param>
    public static ValueRule<string> Rule(params string[] words) =>
        ValueRule.NameOrPath(HelpName, [.. words, .. NetworkCatalog.Names], "or a file that describes one (JSON, prototxt, ONNX)");

    /// <summary>Returns the network as defined.</summary>
    /// <param name="nameOrFile">One of <see cref="NetworkCatalog.Names"/>, or a file.</param>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file does not describe a network; the message names line or node.</exception>
    public static NetworkDefinition Find(string nameOrFile)
    {
        if (NetworkCatalog.Find(nameOrFile) is { } entry)
            return new NetworkDefinition(entry.Build(), entry.Preprocessing, [], entry);
        return NetworkDefinition.Load(Check(nameOrFile));
    }

    /// <summary>Returns what was given, if it is the name of a network or a file.</summary>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    public static string Check(string nameOrFile) => NetworkCatalog.Find(nameOrFile) is not null || File.Exists(nameOrFile) ? nameOrFile
        : throw new FileNotFoundException($"{nameOrFile}: {(Directory.Exists(nameOrFile) ? "a folder, not a file that describes a network" : "no such file")}", nameOrFile);

    /// <summary>Creates the network for a number of classes and an image size.</summary>
    /// <param name="nameOrFile">One of <see cref="NetworkCatalog.Names"/>, or a file.</param>
    /// <param name="classes">Number of classes; null for the network's own.</param>
    /// <param name="imageSize">Height and width of the images; null for the network's own size.</param>
    /// <param name="asInNotebook">Whether the network <c>tensorflow</c> ends with a ReLU, as the notebook's does.</param>
    /// <exception cref="UsageException">A layer cannot take this image size, or the number of classes is fixed; the message says which.</exception>
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

    /// <summary>Builds the network of a definition for other classes and images.</summary>
    /// <exception cref="ArgumentException">A layer cannot take the images.</exception>
    /// <exception cref="InvalidOperationException">The network does not end in a layer whose outputs are classes.</exception>
    public static Network Build(NetworkDefinition definition, int? classes, Shape input)
    {
        if (definition.Entry is { } entry)
            return entry.Build(classes, input);
        Network network = input == definition.Network.InputShape ? definition.Network : definition.Network.WithInput(input);
        return classes is { } count ? network.WithClasses(count) : network;
    }
}
