using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Fully connected layer: output = input · weight + bias. A map is read as a vector in the order height, width, channels.</summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="outputFeatures">Number of outputs.</param>
/// <param name="weightInitializer">Initial values of the matrix; null for <see cref="Initializer.He"/>.</param>
/// <param name="biasInitializer">Initial values of the bias; null for 0.</param>
public sealed class Linear(string name, int outputFeatures, Initializer? weightInitializer = null, Initializer? biasInitializer = null) : Layer(name)
{
    /// <summary>Number of outputs.</summary>
    internal int OutputFeatures { get; } = outputFeatures;

    /// <summary>Initial values of the matrix.</summary>
    internal Initializer WeightInitializer { get; } = weightInitializer ?? Initializer.He;

    /// <summary>Initial values of the bias.</summary>
    internal Initializer BiasInitializer { get; } = biasInitializer ?? Initializer.Constant(0);

    /// <summary>The same layer with what is given in place of its own.</summary>
    internal Linear With(int? outputFeatures = null, Initializer? weight = null, Initializer? bias = null) =>
        new(Name, outputFeatures ?? OutputFeatures, weight ?? WeightInitializer, bias ?? BiasInitializer);

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
