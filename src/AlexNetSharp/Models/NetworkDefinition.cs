using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>A network without its weights, with what its source says about the images that it takes.</summary>
/// <param name="Network">The layers.</param>
/// <param name="Preprocessing">What happens to an image before it; null if unknown.</param>
/// <param name="Classes">Its classes; empty if unknown.</param>
/// <param name="Entry">The entry of the catalog that it is; null for a network of somebody's own.</param>
public sealed record NetworkDefinition(Network Network, Preprocessing? Preprocessing, IReadOnlyList<ClassName> Classes, CatalogEntry? Entry);
