using Microsoft.CodeAnalysis;

namespace AlexNetSharp.Generators;

/// <summary>Writes the tile methods of the matrix products for every class marked with <c>GemmTilesAttribute</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class GemmTilesGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context) => MarkedTypes.Write(
        context,
        "AlexNetSharp.Kernels.Gemm.GemmTilesAttribute",
        static (space, name, arguments) => new TileClass(space, name, (int)arguments[0].Value!, (bool)arguments[1].Value!, (bool)arguments[2].Value!, (bool)arguments[3].Value!),
        static tile => tile.Name,
        static tile => tile.WholePanel ? GemmPanelTilesWriter.Write(tile) : GemmTilesWriter.Write(tile));
}

/// <summary>A marked class to generate tiles for.</summary>
internal sealed record TileClass(string Namespace, string Name, int MaxHeight, bool Transposed, bool Expanded, bool WholePanel);
