namespace AlexNetSharp.Tests.Oracles;

/// <summary>Holds a gradient against (L(v + h) − L(v − h)) / 2h in float64, one variable after the other.</summary>
internal static class CentralDifferences
{
    private const double Step = 1e-6;

    /// <summary>
    /// Two roundings of a loss near 1 divided by 2h are 1e-10, and the third derivative adds h²/6 of itself: 1e-7 leaves room for both
    /// and is far below any wrong formula.
    /// </summary>
    private const double Bound = 1e-7;

    /// <summary>Checks ∂loss/∂variable.</summary>
    /// <param name="what">Name for the message.</param>
    /// <param name="loss">Computes the loss from the present content of <paramref name="variable"/>.</param>
    /// <param name="variable">Is changed for each measurement and put back.</param>
    /// <param name="gradient">What the oracle says.</param>
    /// <param name="atMost">Checks this many variables, spread over all.</param>
    /// <remarks>
    /// Where the slopes to the left and to the right differ, a kink (ReLU, maximum) lies within the step: the variable is skipped. A check that
    /// skips more than one in ten fails.
    /// </remarks>
    public static void Check(string what, Func<double> loss, double[] variable, double[] gradient, int atMost = 200)
    {
        Assert.Equal(variable.Length, gradient.Length);
        double scale = gradient.Max(Math.Abs);
        Assert.True(scale > 0, $"{what}: the gradient is zero everywhere, nothing is checked.");
        double middle = loss();
        int count = Math.Min(atMost, variable.Length), skipped = 0;
        for (int k = 0; k < count; k++)
        {
            int i = (int)((long)k * variable.Length / count);
            double value = variable[i];
            variable[i] = value + Step;
            double above = loss();
            variable[i] = value - Step;
            double below = loss();
            variable[i] = value;

            double left = (middle - below) / Step, right = (above - middle) / Step, slope = (above - below) / (2 * Step);
            // A smooth loss bends by its second derivative times the step, some 1e-6; a kink changes the slope by much more.
            if (Math.Abs(left - right) > 1e-3 * scale)
                skipped++;
            else
                Assert.True(
                    Math.Abs(slope - gradient[i]) <= Bound * Math.Max(scale, Math.Abs(middle)),
                    FormattableString.Invariant($"{what}[{i}]: central difference {slope:R}, oracle {gradient[i]:R}, largest {scale:R}"));
        }
        Assert.True(skipped * 10 <= count, $"{what}: {skipped} of {count} variables lie at a kink.");
    }
}
