using System;
using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AlexNetSharp.Generators;

/// <summary>What all generators of this project do: one source file for every type that carries an attribute.</summary>
internal static class MarkedTypes
{
    /// <summary>Registers the generator.</summary>
    /// <typeparam name="T">All that a source depends on, comparable so that an unchanged type is not written again.</typeparam>
    /// <param name="context">Of the generator.</param>
    /// <param name="attribute">Full name of the attribute.</param>
    /// <param name="read">Makes it from the type's namespace and name and the arguments of its attribute.</param>
    /// <param name="name">The type's name, for the file.</param>
    /// <param name="source">Writes the source.</param>
    public static void Write<T>(
        IncrementalGeneratorInitializationContext context, string attribute, Func<string, string, ImmutableArray<TypedConstant>, T> read,
        Func<T, string> name, Func<T, string> source)
        where T : IEquatable<T>
    {
        IncrementalValuesProvider<T> types = context.SyntaxProvider.ForAttributeWithMetadataName(
            attribute,
            static (node, _) => node is TypeDeclarationSyntax,
            (found, _) => read(
                found.TargetSymbol.ContainingNamespace.ToDisplayString(), found.TargetSymbol.Name, found.Attributes[0].ConstructorArguments));
        context.RegisterSourceOutput(types, (output, type) => output.AddSource($"{name(type)}.g.cs", SourceText.From(source(type), Encoding.UTF8)));
    }
}
