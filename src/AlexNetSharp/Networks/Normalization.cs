using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>
/// Local response normalization across channels: y[c] = x[c] / (bias + alpha · Σ x[j]²)^beta with j from c − radius to c + radius
/// (Krizhevsky et al. 2012, section 3.3). As in TensorFlow, alpha is not divided by the window's size; Caffe and PyTorch divide it.
/// </summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="radius">Channels on each side.</param>
/// <param name="bias">Added to the sum; the paper's k.</param>
/// <param name="alpha">Factor on the sum.</param>
/// <param name="beta">Exponent.</param>
public sealed class LocalResponseNorm(string name, int radius, float bias, float alpha, float beta) : Layer(name)
{
    /// <summary>Channels on each side.</summary>
    internal int Radius { get; } = radius;

    /// <summary>Added to the sum; the paper's k.</summary>
    internal float Bias { get; } = bias;

    /// <summary>Factor on the sum.</summary>
    internal float Alpha { get; } = alpha;

    /// <summary>Exponent.</summary>
    internal float Beta { get; } = beta;

    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"radius {Radius}, bias {Bias}, alpha {Alpha:g4}, beta {Beta}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input)
    {
        if (Radius < 0 || !(Bias > 0) || !(Alpha >= 0) || !float.IsFinite(Beta))
            throw Refuse(FormattableString.Invariant(
                $"radius {Radius} and alpha {Alpha} must not be negative, bias {Bias} must be positive, beta {Beta} finite"));
        return input;
    }
}

/// <summary>
/// Local response normalization within each channel: y = x / (1 + alpha / size² · Σ x²)^beta over the size × size window of the same
/// channel, zeros outside (Caffe's WITHIN_CHANNEL, cuda-convnet's "response normalization within map").
/// </summary>
/// <param name="name">Name, unique in its network.</param>
/// <param name="size">Rows and columns of the window; odd.</param>
/// <param name="alpha">Factor on the mean of squares.</param>
/// <param name="beta">Exponent.</param>
public sealed class WithinChannelNorm(string name, int size, float alpha, float beta) : Layer(name)
{
    /// <summary>Rows and columns of the window; odd.</summary>
    internal int Size { get; } = size;

    /// <summary>Factor on the mean of squares.</summary>
    internal float Alpha { get; } = alpha;

    /// <summary>Exponent.</summary>
    internal float Beta { get; } = beta;

    /// <inheritdoc/>
    private protected override string Describe() => FormattableString.Invariant($"within channel, {Size}×{Size}, alpha {Alpha:g4}, beta {Beta}");

    /// <inheritdoc/>
    internal override Shape OutputShape(Shape input)
    {
        if (Size < 1 || Size % 2 == 0 || !(Alpha >= 0) || !float.IsFinite(Beta))
            throw Refuse(FormattableString.Invariant(
                $"the window size {Size} must be odd and positive, alpha {Alpha} not negative, beta {Beta} finite"));
        if (input.IsVector)
            throw Refuse($"needs a map of height × width × channels, but its input is the vector {input}");
        return input;
    }
}
