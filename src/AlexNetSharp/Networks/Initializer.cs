namespace AlexNetSharp.Networks;

/// <summary>How the initial values of a parameter are drawn.</summary>
public abstract record Initializer
{
    private Initializer()
    {
    }

    /// <summary>The same value everywhere.</summary>
    /// <param name="Value">The value.</param>
    public sealed record Constant(float Value) : Initializer;

    /// <summary>Normal with mean 0.</summary>
    /// <param name="StandardDeviation">Standard deviation.</param>
    public sealed record Normal(float StandardDeviation) : Initializer;

    /// <summary>Normal with mean 0, redrawn beyond two standard deviations (TensorFlow's <c>tf.truncated_normal</c>).</summary>
    /// <param name="StandardDeviation">Standard deviation before truncation.</param>
    public sealed record TruncatedNormal(float StandardDeviation) : Initializer;

    /// <summary>Normal with mean 0 and variance 2 / fan-in (He et al. 2015, "Delving Deep into Rectifiers", equation 10).</summary>
    public sealed record He : Initializer;
}
