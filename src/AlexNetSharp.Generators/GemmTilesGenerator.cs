using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AlexNetSharp.Generators;

/// <summary>Writes the tile methods of the matrix products for every class marked with <c>GemmTilesAttribute</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class GemmTilesGenerator : IIncrementalGenerator
{
    private const string Attribute = "AlexNetSharp.Kernels.Gemm.GemmTilesAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<TileClass> classes = context.SyntaxProvider.ForAttributeWithMetadataName(
            Attribute,
            static (node, _) => node is ClassDeclarationSyntax,
            static (found, _) => new TileClass(
                found.TargetSymbol.ContainingNamespace.ToDisplayString(),
                found.TargetSymbol.Name,
                (int)found.Attributes[0].ConstructorArguments[0].Value!,
                (bool)found.Attributes[0].ConstructorArguments[1].Value!,
                (bool)found.Attributes[0].ConstructorArguments[2].Value!));
        context.RegisterSourceOutput(classes, static (output, c) =>
            output.AddSource($"{c.Name}.g.cs", SourceText.From(GemmTilesWriter.Write(c), Encoding.UTF8)));
    }
}

/// <summary>A class to fill: all that its source depends on, comparable so that an unchanged class is not written again.</summary>
internal sealed record TileClass(string Namespace, string Name, int MaxHeight, bool Transposed, bool BFloat16);
