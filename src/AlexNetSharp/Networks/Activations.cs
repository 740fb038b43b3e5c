using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>max(0, x).</summary>
/// <param name="Name">Name, unique in its network.</param>
public sealed record ReLU(string Name) : Layer(Name)
{
    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => input;
}

/// <summary>
/// In training, sets a value to 0 with probability <paramref name="Rate"/> and multiplies the others by 1 / (1 − rate); otherwise the
/// identity (Srivastava et al. 2014, in the inverted form that TensorFlow and PyTorch use).
/// </summary>
/// <param name="Name">Name, unique in its network.</param>
/// <param name="Rate">Probability of dropping a value, at least 0 and below 1.</param>
public sealed record Dropout(string Name, float Rate) : Layer(Name)
{
    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"rate {Rate}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) =>
        Rate is >= 0 and < 1 ? input : throw Refuse(FormattableString.Invariant($"the rate {Rate} must be at least 0 and below 1"));
}

/// <summary>Reads a map as a vector, in the order height, width, channels.</summary>
/// <param name="Name">Name, unique in its network.</param>
public sealed record Flatten(string Name) : Layer(Name)
{
    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => input.Length <= int.MaxValue
        ? Shape.Vector((int)input.Length)
        : throw Refuse($"the map {input} has more values than a vector can hold");
}
