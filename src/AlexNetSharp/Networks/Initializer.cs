namespace AlexNetSharp.Networks;

/// <summary>How the initial values of a parameter are drawn.</summary>
public abstract class Initializer
{
    private protected Initializer()
    {
    }

    /// <summary>Normal with mean 0 and variance 2 / fan-in (He et al. 2015, "Delving Deep into Rectifiers", equation 10).</summary>
    public static Initializer He { get; } = new HeInitializer();

    /// <summary>The same value everywhere.</summary>
    /// <param name="value">The value.</param>
    public static Initializer Constant(float value) => new ConstantInitializer(value);

    /// <summary>Normal with mean 0.</summary>
    /// <param name="standardDeviation">Standard deviation.</param>
    public static Initializer Normal(float standardDeviation) => new NormalInitializer(standardDeviation);

    /// <summary>Normal with mean 0, redrawn beyond two standard deviations (TensorFlow's <c>tf.truncated_normal</c>).</summary>
    /// <param name="standardDeviation">Standard deviation before truncation.</param>
    public static Initializer TruncatedNormal(float standardDeviation) => new TruncatedNormalInitializer(standardDeviation);
}

/// <summary><see cref="Initializer.He"/>.</summary>
internal sealed class HeInitializer : Initializer;

/// <summary><see cref="Initializer.Constant"/>.</summary>
/// <param name="value">The value.</param>
internal sealed class ConstantInitializer(float value) : Initializer
{
    /// <summary>The value.</summary>
    public float Value { get; } = value;
}

/// <summary><see cref="Initializer.Normal"/>.</summary>
/// <param name="standardDeviation">Standard deviation.</param>
internal sealed class NormalInitializer(float standardDeviation) : Initializer
{
    /// <summary>Standard deviation.</summary>
    public float StandardDeviation { get; } = standardDeviation;
}

/// <summary><see cref="Initializer.TruncatedNormal"/>.</summary>
/// <param name="standardDeviation">Standard deviation before truncation.</param>
internal sealed class TruncatedNormalInitializer(float standardDeviation) : Initializer
{
    /// <summary>Standard deviation before truncation.</summary>
    public float StandardDeviation { get; } = standardDeviation;
}
