using Microsoft.CodeAnalysis;

namespace AlexNetSharp.Generators;

/// <summary>Writes the tile methods of direct convolution for every class marked with <c>ConvTilesAttribute</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ConvTilesGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context) => MarkedTypes.Write(
        context,
        "AlexNetSharp.Kernels.Convolution.ConvTilesAttribute",
        static (space, name, arguments) => new ConvTileClass(space, name, (int)arguments[0].Value!, (bool)arguments[1].Value!),
        static tile => tile.Name,
        ConvTilesWriter.Write);
}

/// <summary>A marked class to generate tiles for.</summary>
internal sealed record ConvTileClass(string Namespace, string Name, int MaxHeight, bool Gradient);
