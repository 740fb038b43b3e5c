using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AlexNetSharp.Generators;

/// <summary>Writes the tile methods of direct convolution for every class marked with <c>ConvTilesAttribute</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ConvTilesGenerator : IIncrementalGenerator
{
    private const string Attribute = "AlexNetSharp.Kernels.Convolution.ConvTilesAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ConvTileClass> classes = context.SyntaxProvider.ForAttributeWithMetadataName(
            Attribute,
            static (node, _) => node is ClassDeclarationSyntax,
            static (found, _) => new ConvTileClass(
                found.TargetSymbol.ContainingNamespace.ToDisplayString(),
                found.TargetSymbol.Name,
                (int)found.Attributes[0].ConstructorArguments[0].Value!,
                (bool)found.Attributes[0].ConstructorArguments[1].Value!));
        context.RegisterSourceOutput(classes, static (output, c) =>
            output.AddSource($"{c.Name}.g.cs", SourceText.From(ConvTilesWriter.Write(c), Encoding.UTF8)));
    }
}

/// <summary>A class to fill: all that its source depends on, comparable so that an unchanged class is not written again.</summary>
internal sealed record ConvTileClass(string Namespace, string Name, int MaxHeight, bool Gradient);
