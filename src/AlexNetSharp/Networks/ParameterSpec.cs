namespace AlexNetSharp.Networks;

/// <summary>The role of a parameter in its layer; determines how it is stored.</summary>
internal enum ParameterRole
{
    /// <summary>Kernels of a convolution, [kernel height, kernel width, input channels / groups, output channels].</summary>
    ConvolutionWeight,

    /// <summary>Matrix of a fully connected layer, [input features, output features].</summary>
    LinearWeight,

    /// <summary>Bias, [output channels or features].</summary>
    Bias,
}

/// <summary>Name, shape and initializer of one parameter of a network.</summary>
public sealed class ParameterSpec
{
    internal ParameterSpec(string name, ParameterRole role, IReadOnlyList<int> dimensions, Initializer initializer) =>
        (Name, Role, Dimensions, Initializer) = (name, role, dimensions, initializer);

    /// <summary>Layer and role: <c>conv1.weight</c>, <c>fc6.bias</c>.</summary>
    public string Name { get; }

    /// <summary>Its role in the layer.</summary>
    internal ParameterRole Role { get; }

    /// <summary>
    /// Sizes: [kernel height, kernel width, input channels / groups, output channels] for the kernels of a convolution, [input features, output features] for
    /// the matrix of a fully connected layer, [output channels or features] for a bias.
    /// </summary>
    public IReadOnlyList<int> Dimensions { get; }

    /// <summary>How its initial values are drawn.</summary>
    internal Initializer Initializer { get; }

    /// <summary>Number of values.</summary>
    public long Length => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Inputs that one output sums over: the product of all sizes but the last.</summary>
    internal long FanIn => Role == ParameterRole.Bias ? 1 : Length / Dimensions[^1];

    /// <summary>The same under another name.</summary>
    internal ParameterSpec Renamed(string name) => new(name, Role, Dimensions, Initializer);
}
