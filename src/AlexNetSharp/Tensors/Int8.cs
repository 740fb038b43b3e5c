namespace AlexNetSharp.Tensors;

/// <summary>8-bit weights: w ≈ q·s with a whole number q from −127 to 127 and one scale s for each output.</summary>
/// <remarks>
/// Symmetric: s = max|w| / 127. Weights are rounded to nearest, but for a few that let the errors of an output cancel
/// (<see cref="Int8Panel"/>). A scale keeps 17 significant bits, rounded up: every
/// q·s is then an exact float32, and quantizing those values again gives the same q and s. So a file of 8-bit weights, what is read from it
/// as float32, and what a kernel makes of that are the same numbers.
/// </remarks>
internal static class Int8
{
    /// <summary>The largest q.</summary>
    public const int Largest = 127;

    // Seven bits less than the 24 of a float32.
    private const uint DroppedBits = (1 << 7) - 1;

    // Below it, 17 bits could not all be kept.
    private const float SmallestScale = 1e-35f;

    /// <summary>The scale of weights of which <paramref name="largest"/> is the largest magnitude; 0 where all are (nearly) 0, not finite where that is not.</summary>
    public static float Scale(float largest)
    {
        float scale = largest / Largest;
        if (!(scale >= SmallestScale))
            return float.IsNaN(scale) ? scale : 0;
        return float.IsFinite(scale) ? BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(scale) + DroppedBits) & ~DroppedBits) : scale;
    }

    /// <summary>What weights are multiplied by before <see cref="Round"/>.</summary>
    public static float Inverse(float scale) => scale == 0 ? 0 : 1 / scale;

    /// <summary>The nearest q of a weight. Where the scale is not finite it is 1, so that no output becomes a number that it is not.</summary>
    public static sbyte Round(float weight, float inverse)
    {
        float q = MathF.Round(weight * inverse);
        return Math.Abs(q) <= Largest ? (sbyte)q : (sbyte)1;
    }
}
