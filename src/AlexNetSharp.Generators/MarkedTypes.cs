using System;
using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AlexNetSharp.Generators;

/// <summary>The common part of all generators of this project: one source file for each type with a given attribute.</summary>
internal static class MarkedTypes
{
    /// <summary>Registers the generator.</summary>
    /// <typeparam name="T">Everything that the source depends on, comparable, so that unchanged types are not regenerated.</typeparam>
    /// <param name="context">Context of the generator.</param>
    /// <param name="attribute">Full name of the attribute.</param>
    /// <param name="read">Creates a <typeparamref name="T"/> from the type's namespace, its name and its attribute's arguments.</param>
    /// <param name="name">Returns the type's name, for the file name.</param>
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
