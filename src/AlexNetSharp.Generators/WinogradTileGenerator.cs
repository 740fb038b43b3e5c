using System;
using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AlexNetSharp.Generators;

/// <summary>Writes the transforms of every Winograd tile, a struct marked with <c>WinogradTileAttribute(kernel, points)</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class WinogradTileGenerator : IIncrementalGenerator
{
    private const string Attribute = "AlexNetSharp.Kernels.Convolution.Winograd.WinogradTileAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<WinogradTileStruct> tiles = context.SyntaxProvider.ForAttributeWithMetadataName(
            Attribute,
            static (node, _) => node is StructDeclarationSyntax,
            static (found, _) =>
            {
                ImmutableArray<TypedConstant> arguments = found.Attributes[0].ConstructorArguments;
                return new WinogradTileStruct(
                    found.TargetSymbol.ContainingNamespace.ToDisplayString(), found.TargetSymbol.Name,
                    (int)arguments[0].Value!, (string)arguments[1].Value!);
            });
        context.RegisterSourceOutput(tiles, static (output, tile) =>
            output.AddSource($"{tile.Name}.g.cs", SourceText.From(Source(tile), Encoding.UTF8)));
    }

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

/// <summary>A tile to write: all that its source depends on, comparable so that an unchanged tile is not written again.</summary>
internal sealed record WinogradTileStruct(string Namespace, string Name, int Kernel, string Points);
