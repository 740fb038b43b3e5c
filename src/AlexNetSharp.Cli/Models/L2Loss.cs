namespace AlexNetSharp.Cli.Models;

/// <summary>The notebook's objective: Σ t² / 2 over all values of the output (TensorFlow's <c>tf.nn.l2_loss</c>). Its gradient is t itself.</summary>
internal static class L2Loss
{
    /// <summary>The loss.</summary>
    /// <param name="output">The network's output t.</param>
    public static double Compute(ReadOnlySpan<float> output)
    {
        double sum = 0;
        foreach (float t in output)
            sum += (double)t * t;
        return sum / 2;
    }

    /// <summary>The loss, and its gradient.</summary>
    /// <param name="output">The network's output t.</param>
    /// <param name="gradient">Receives t.</param>
    /// <exception cref="ArgumentException"><paramref name="gradient"/> has another length.</exception>
    public static double Compute(ReadOnlySpan<float> output, Span<float> gradient)
    {
        if (gradient.Length != output.Length)
            throw new ArgumentException(FormattableString.Invariant($"{output.Length} outputs need as many gradients, not {gradient.Length}"), nameof(gradient));
        output.CopyTo(gradient);
        return Compute(output);
    }
}
