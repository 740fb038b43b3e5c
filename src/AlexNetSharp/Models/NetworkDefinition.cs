using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>A network without weights, with what its source states about its images and classes.</summary>
/// <param name="network">The layers.</param>
/// <param name="preprocessing">How its images are preprocessed; null if unknown.</param>
/// <param name="classes">Its classes; empty if unknown.</param>
/// <param name="entry">Its entry in the catalog; null for a custom network.</param>
public sealed class NetworkDefinition(Network network, Preprocessing? preprocessing, IReadOnlyList<ClassName> classes, CatalogEntry? entry)
{
    /// <summary>Reads a network, together with what the file states about images and classes.</summary>
    /// <param name="path">
    /// JSON as <see cref="Network.ToJson"/> writes it, or the text that model files carry (docs/networks.md); Caffe's prototxt, for use or for
    /// training; or an ONNX graph that is a chain of layers.
    /// </param>
    /// <returns>The network, without weights.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It does not describe a network that this library can compute; the message names the line or node.</exception>
    public static NetworkDefinition Load(string path) => NetworkFile.Read(path);

    /// <summary>The layers.</summary>
    public Network Network { get; } = network;

    /// <summary>How its images are preprocessed; null if unknown.</summary>
    public Preprocessing? Preprocessing { get; } = preprocessing;

    /// <summary>Its classes; empty if unknown.</summary>
    public IReadOnlyList<ClassName> Classes { get; } = classes;

    /// <summary>Its entry in the catalog; null for a custom network.</summary>
    public CatalogEntry? Entry { get; } = entry;
}
