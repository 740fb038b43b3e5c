using System;
using Microsoft.CodeAnalysis;

namespace AlexNetSharp.Generators;

/// <summary>Writes the transforms of every Winograd tile, a struct marked with <c>WinogradTileAttribute(kernel, points)</c>.</summary>
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

    /// <summary>The tile's source, or an error for the compiler to report where its points make no tile.</summary>
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

/// <summary>A tile to write.</summary>
internal sealed record WinogradTileStruct(string Namespace, string Name, int Kernel, string Points);
