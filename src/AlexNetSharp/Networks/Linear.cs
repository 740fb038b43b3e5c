using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Fully connected layer: output = input · weight + bias. A map is read as a vector in the order height, width, channels.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="outputFeatures">Number of outputs.</param>
public sealed class Linear(string name, int outputFeatures) : Layer(name)
{
    /// <summary>Number of outputs.</summary>
    public int OutputFeatures { get; } = outputFeatures;

    /// <summary>Initial values of the matrix.</summary>
    public Initializer WeightInitializer { get; init; } = Initializer.He;

    /// <summary>Initial values of the bias.</summary>
    public Initializer BiasInitializer { get; init; } = Initializer.Constant(0);

    /// <summary>The same layer with what is given in place of its own.</summary>
    internal Linear With(int? outputFeatures = null, Initializer? weight = null, Initializer? bias = null) => new(Name, outputFeatures ?? OutputFeatures)
    {
        WeightInitializer = weight ?? WeightInitializer,
        BiasInitializer = bias ?? BiasInitializer,
    };

    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"{OutputFeatures}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input)
    {
        if (OutputFeatures < 1)
            throw Refuse(FormattableString.Invariant($"the number of output features is {OutputFeatures}, but must be at least 1"));
        CheckWeight(
            (Int128)input.Length * OutputFeatures,
            FormattableString.Invariant($"{input.Length} × {OutputFeatures}"),
            "use fewer outputs (classes, in the last layer), a smaller image, or pooling before it");
        return Shape.Vector(OutputFeatures);
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<ParameterSpec> Parameters(Shape input) =>
    [
        new($"{Name}.weight", ParameterRole.LinearWeight, [(int)input.Length, OutputFeatures], WeightInitializer),
        new($"{Name}.bias", ParameterRole.Bias, [OutputFeatures], BiasInitializer),
    ];

    /// <inheritdoc/>
    internal override long MultiplyAdds(Shape input) => input.Length * OutputFeatures;
}
