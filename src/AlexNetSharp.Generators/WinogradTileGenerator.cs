using System;
using Microsoft.CodeAnalysis;

namespace AlexNetSharp.Generators;

/// <summary>Writes the transforms of each Winograd tile, a struct marked with <c>WinogradTileAttribute(kernel, points)</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class WinogradTileGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context) => MarkedTypes.Write(
        context,
        "AlexNetSharp.Kernels.Convolution.Winograd.WinogradTileAttribute",
        static (space, name, arguments) => new WinogradTileStruct(space, name, (int)arguments[0].Value!, (string)arguments[1].Value!),
        static tile => tile.Name,
        Source);

    /// <summary>The tile's source, or an #error directive if its points do not form a valid tile.</summary>
    private static string Source(WinogradTileStruct tile)
    {
        try
        {
            return WinogradTileWriter.Write(tile);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or ArithmeticException)
        {
            return $"#error {tile.Name}: {e.Message}\n";
        }
    }
}

/// <summary>A tile to generate.</summary>
internal sealed record WinogradTileStruct(string Namespace, string Name, int Kernel, string Points);
