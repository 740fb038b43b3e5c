using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>The parameters to compute gradients for, independent of a network.</summary>
public sealed class GradientScope
{
    private readonly Func<Network, IEnumerable<string>> _names;

    private GradientScope(Func<Network, IEnumerable<string>> names) => _names = names;

    /// <summary>No parameters: forward only.</summary>
    public static GradientScope None { get; } = new(_ => []);

    /// <summary>All parameters.</summary>
    public static GradientScope All { get; } = new(network => network.Parameters.Select(parameter => parameter.Name));

    /// <summary>Weights and biases of the convolutions, as in the notebook.</summary>
    public static GradientScope Convolution { get; } = new(ConvolutionsOf);

    /// <summary>Parameters by name.</summary>
    /// <param name="patterns">Names, with * for any characters and ? for one: <c>fc8.*</c>. Each must match a parameter of the network.</param>
    public static GradientScope Of(params IReadOnlyList<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        return new(network =>
        {
            foreach (string pattern in patterns)
                ParameterGroup.RequireMatch(network, pattern);
            return network.Parameters.Select(parameter => parameter.Name).Where(name => patterns.Any(pattern => ParameterGroup.Matches(pattern, name)));
        });
    }

    /// <summary>The parameters that the groups do not freeze.</summary>
    public static GradientScope Learning(IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return new(network =>
            network.Parameters.Zip(ParameterGroup.Resolve(network, groups)).Where(pair => !pair.Second.Frozen).Select(pair => pair.First.Name));
    }

    /// <summary>The parameters of a network that are in the scope, in the order of its layers.</summary>
    /// <remarks>A layer computes the gradients of its weight and bias together: if one is in the scope, both are.</remarks>
    /// <exception cref="ArgumentException">The scope names parameters, or convolutions, and the network has none such.</exception>
    public IReadOnlyList<ParameterSpec> In(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        HashSet<string> names = [.. _names(network)];
        return [.. network.Layers
            .Select((layer, i) => layer.Parameters(network.InputOf(i)))
            .Where(parameters => parameters.Any(parameter => names.Contains(parameter.Name)))
            .SelectMany(parameters => parameters)];
    }

    private static string[] ConvolutionsOf(Network network)
    {
        string[] names = [.. network.Layers
            .SelectMany((layer, i) => layer is Conv2d ? layer.Parameters(network.InputOf(i)) : [])
            .Select(parameter => parameter.Name)];
        return names.Length > 0 ? names : throw new ArgumentException(
            $"network '{network.Name}' has no convolution, so there are no gradients to compute; ask for GradientScope.All or None");
    }
}
