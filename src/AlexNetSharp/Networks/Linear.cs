using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>Fully connected layer: output = input · weight + bias. A map is read as a vector in the order height, width, channels.</summary>
/// <param name="Name">Name, unique in its network.</param>
/// <param name="OutputFeatures">Values of the output.</param>
public sealed record Linear(string Name, int OutputFeatures) : Layer(Name)
{
    /// <summary>Initial values of the matrix.</summary>
    public ParameterOptions Weight { get; init; } = new(new Initializer.He());

    /// <summary>Initial values of the bias.</summary>
    public ParameterOptions Bias { get; init; } = new(new Initializer.Constant(0));

    /// <inheritdoc/>
    public override string Details => FormattableString.Invariant($"{OutputFeatures}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (OutputFeatures < 1)
            throw Refuse(FormattableString.Invariant($"the number of output features is {OutputFeatures}, but must be at least 1"));
        CheckWeight(
            (Int128)input.Length * ((long)OutputFeatures + Panel.Width),
            FormattableString.Invariant($"{input.Length} × {OutputFeatures}"),
            "use a smaller image or pool before it");
        return Shape.Vector(OutputFeatures);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(Shape input) =>
    [
        Weight.Describe($"{Name}.weight", ParameterRole.LinearWeight, (int)input.Length, OutputFeatures),
        Bias.Describe($"{Name}.bias", ParameterRole.Bias, OutputFeatures),
    ];

    /// <inheritdoc/>
    public override long MultiplyAdds(Shape input) => input.Length * OutputFeatures;
}
