using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>max(0, x).</summary>
/// <param name="name">Name, unique in its network.</param>
public sealed class ReLU(string name) : Layer(name)
{
    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => input;
}

/// <summary>
/// In training, sets a value to 0 with probability <paramref name="rate"/> and multiplies the others by 1 / (1 − rate); otherwise the
/// identity (Srivastava et al. 2014, in the inverted form that TensorFlow and PyTorch use).
/// </summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="rate">Probability of dropping a value, at least 0 and below 1.</param>
public sealed class Dropout(string name, float rate) : Layer(name)
{
    /// <summary>Probability of dropping a value, at least 0 and below 1.</summary>
    internal float Rate { get; } = rate;

    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"rate {Rate}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) =>
        Rate is >= 0 and < 1 ? input : throw Refuse(FormattableString.Invariant($"the rate {Rate} must be at least 0 and below 1"));
}

/// <summary>Reads a map as a vector, in the order height, width, channels.</summary>
/// <param name="name">Name, unique in its network.</param>
public sealed class Flatten(string name) : Layer(name)
{
    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input) => input.Length <= int.MaxValue
        ? Shape.Vector((int)input.Length)
        : throw Refuse($"the map {input} has more values than a vector can hold");
}
