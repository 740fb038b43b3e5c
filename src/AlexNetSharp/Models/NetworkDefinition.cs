using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>A network without weights, with what its source states about its images and classes.</summary>
/// <param name="network">The layers.</param>
/// <param name="preprocessing">How its images are preprocessed; null if unknown.</param>
/// <param name="classes">Its classes; empty if unknown.</param>
/// <param name="entry">Its entry in the catalog; null for a custom network.</param>
public sealed class NetworkDefinition(Network network, Preprocessing? preprocessing, IReadOnlyList<ClassName> classes, CatalogEntry? entry)
{
    /// <summary>The layers.</summary>
    public Network Network { get; } = network;

    /// <summary>How its images are preprocessed; null if unknown.</summary>
    public Preprocessing? Preprocessing { get; } = preprocessing;

    /// <summary>Its classes; empty if unknown.</summary>
    public IReadOnlyList<ClassName> Classes { get; } = classes;

    /// <summary>Its entry in the catalog; null for a custom network.</summary>
    public CatalogEntry? Entry { get; } = entry;
}
