namespace AlexNetSharp.Tests;

/// <summary>
/// Compares numbers with a reference. A comparison that proves nothing fails: values that are not finite, a reference of zeros only, nothing
/// to compare, a bound that is as large as the signal.
/// </summary>
internal static class Compare
{
    /// <summary>Requires max|actual − expected| ≤ <paramref name="bound"/> · max|expected|, and returns that relative error.</summary>
    /// <param name="what">Name for the message.</param>
    /// <param name="expected">The reference.</param>
    /// <param name="actual">What the code under test gave.</param>
    /// <param name="bound">A constant of <see cref="Tolerances"/>.</param>
    public static double Close(string what, ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double bound)
    {
        var values = new double[actual.Length];
        for (int i = 0; i < actual.Length; i++)
            values[i] = actual[i];
        return Close(what, expected, values, bound);
    }

    /// <inheritdoc cref="Close(string, ReadOnlySpan{double}, ReadOnlySpan{float}, double)"/>
    public static double Close(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double bound)
    {
        var values = new double[expected.Length];
        for (int i = 0; i < expected.Length; i++)
            values[i] = expected[i];
        return Close(what, values, actual, bound);
    }

    /// <inheritdoc cref="Close(string, ReadOnlySpan{double}, ReadOnlySpan{float}, double)"/>
    public static double Close(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double bound)
    {
        if (expected.Length != actual.Length)
            Fail($"{what}: {expected.Length} values expected, {actual.Length} found.");
        if (expected.Length == 0)
            Fail($"{what}: nothing was compared.");
        double largest = 0, squares = 0, worst = -1;
        int at = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (!double.IsFinite(expected[i]) || !double.IsFinite(actual[i]))
                Fail($"{what}[{i}]: expected {expected[i]}, found {actual[i]}: not finite.");
            largest = Math.Max(largest, Math.Abs(expected[i]));
            squares += expected[i] * expected[i];
            double difference = Math.Abs(actual[i] - expected[i]);
            if (difference > worst)
                (worst, at) = (difference, i);
        }
        if (largest == 0)
            Fail($"{what}: the reference is zero everywhere, so nothing is proved. Use Zero if that is meant.");
        // The bound is relative to the largest value. Where most values are far smaller, it could hide them all.
        double typical = Math.Sqrt(squares / expected.Length);
        if (!(bound > 0) || bound * largest > typical / 10)
            Fail($"{what}: the bound {bound} times {largest} is no test of values whose typical size is {typical}.");
        if (worst > bound * largest)
            Fail($"{what}[{at}]: expected {expected[at]:R}, found {actual[at]:R}: error {worst / largest:E2} of the largest value, allowed {bound:E2}.");
        return worst / largest;
    }

    /// <summary>Requires the same value everywhere, without any tolerance; 0 and −0 count as the same.</summary>
    public static void Equal(string what, ReadOnlySpan<double> expected, ReadOnlySpan<float> actual)
    {
        if (expected.Length != actual.Length || expected.Length == 0)
            Fail($"{what}: {expected.Length} values expected, {actual.Length} found.");
        for (int i = 0; i < expected.Length; i++)
            if (!(expected[i] == actual[i]))
                Fail($"{what}[{i}]: expected exactly {expected[i]:R}, found {actual[i]:R}.");
        if (!expected.ContainsAnyExcept(0.0))
            Fail($"{what}: the reference is zero everywhere, so nothing is proved.");
    }

    /// <summary>Requires the same 32 bits everywhere.</summary>
    public static void SameBits(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        if (expected.Length != actual.Length || expected.Length == 0)
            Fail($"{what}: {expected.Length} values expected, {actual.Length} found.");
        for (int i = 0; i < expected.Length; i++)
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Fail($"{what}[{i}]: expected the bits of {expected[i]:R}, found {actual[i]:R}.");
        if (!expected.ContainsAnyExcept(0f))
            Fail($"{what}: all values are zero, so nothing is proved.");
    }

    /// <summary>Requires zero everywhere.</summary>
    public static void Zero(string what, ReadOnlySpan<float> actual)
    {
        int at = actual.IndexOfAnyExcept(0f);
        if (actual.Length == 0 || at >= 0)
            Fail($"{what}: zeros expected, found {(actual.Length == 0 ? "nothing" : $"{actual[at]:R} at {at}")}.");
    }

    private static void Fail(FormattableString message) => Assert.Fail(FormattableString.Invariant(message));
}
