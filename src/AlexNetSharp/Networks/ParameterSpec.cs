namespace AlexNetSharp.Networks;

/// <summary>What a parameter is to its layer; decides how it is stored.</summary>
public enum ParameterRole
{
    /// <summary>Kernels of a convolution, [kernel height, kernel width, input channels / groups, output channels].</summary>
    ConvolutionWeight,

    /// <summary>Matrix of a fully connected layer, [input features, output features].</summary>
    LinearWeight,

    /// <summary>Bias, [output channels or features].</summary>
    Bias,
}

/// <summary>Name, shape and rules of one parameter of a network.</summary>
/// <param name="Name">Layer and role: <c>conv1.weight</c>, <c>fc6.bias</c>.</param>
/// <param name="Role">What it is to its layer.</param>
/// <param name="Dimensions">Sizes, in the order that <see cref="Role"/> states.</param>
/// <param name="Initializer">How its initial values are drawn.</param>
public sealed record ParameterSpec(string Name, ParameterRole Role, IReadOnlyList<int> Dimensions, Initializer Initializer)
{
    /// <summary>Number of values.</summary>
    public long Length => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Inputs that one output sums over: the product of all sizes but the last.</summary>
    public long FanIn => Role == ParameterRole.Bias ? 1 : Length / Dimensions[^1];
}

/// <summary>What a network states about a layer's weight or bias.</summary>
/// <param name="Initializer">How the initial values are drawn.</param>
public sealed record ParameterOptions(Initializer Initializer)
{
    internal ParameterSpec Describe(string name, ParameterRole role, params int[] dimensions) => new(name, role, dimensions, Initializer);
}
