using Xunit.Sdk;

namespace AlexNetSharp.Tests;

/// <summary>The checker itself, with planted errors.</summary>
public class CompareTests
{
    private static readonly double[] s_reference = [1, -2, 4, 0.5];

    [Fact]
    public void AcceptsWhatIsWithinTheBound()
    {
        double error = Compare.Close("x", s_reference, [1, -2, 4.00003f, 0.5f], 1e-5);
        Assert.InRange(error, 7e-6, 8e-6);
    }

    [Theory]
    [InlineData(4.0001f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(8f)]
    [InlineData(0f)]
    [InlineData(-4f)]
    public void FindsOneWrongValue(float wrong) => Rejects(() => Compare.Close("x", s_reference, [1, -2, wrong, 0.5f], 1e-5));

    [Fact]
    public void FindsAValueThatIsMissing() => Rejects(() => Compare.Close("x", s_reference, [1, -2, 4], 1e-5));

    [Fact]
    public void RejectsAReferenceThatIsNotANumber() => Rejects(() => Compare.Close("x", new double[] { 1, double.NaN }, new double[] { 1, 1 }, 1e-5));

    [Fact]
    public void RejectsAReferenceOfZeros() => Rejects(() => Compare.Close("x", new double[3], new float[3], 1e-5));

    [Fact]
    public void RejectsNothingCompared() => Rejects(() => Compare.Close("x", Array.Empty<double>(), Array.Empty<float>(), 1e-5));

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(0.1)]
    [InlineData(1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void RejectsABoundThatProvesNothing(double bound) => Rejects(() => Compare.Close("x", s_reference, [1, -2, 4, 0.5f], bound));

    [Fact]
    public void RejectsABoundThatIsAsLargeAsMostValues()
    {
        // One huge value would allow any error in the others.
        double[] reference = [1e6, .. Enumerable.Repeat(1.0, 10_000_000 / 4)];
        Rejects(() => Compare.Close("x", reference, Array.ConvertAll(reference, static v => (float)v), 1e-3));
    }

    [Fact]
    public void ExactComparisonFindsTheSmallestDifference()
    {
        Compare.Equal("x", s_reference, [1, -2, 4, 0.5f]);
        Rejects(() => Compare.Equal("x", s_reference, [1, -2, MathF.BitIncrement(4), 0.5f]));
        Rejects(() => Compare.Equal("x", s_reference, [1, -2, float.NaN, 0.5f]));
        Rejects(() => Compare.Equal("x", s_reference, [1, -2, 4]));
        Rejects(() => Compare.Equal("x", new double[2], new float[2]));
    }

    [Fact]
    public void BitComparisonFindsTheSignOfZero()
    {
        Compare.SameBits("x", [1, float.NaN, 0], [1, float.NaN, 0]);
        Rejects(() => Compare.SameBits("x", [1, 0], [1, -0f]));
        Rejects(() => Compare.SameBits("x", [1, 0], [1]));
        Rejects(() => Compare.SameBits("x", [0, 0], [0, 0]));
    }

    [Fact]
    public void ZeroFindsWhatIsNotZero()
    {
        Compare.Zero("x", [0, -0f]);
        Rejects(() => Compare.Zero("x", [0, 1e-30f]));
        Rejects(() => Compare.Zero("x", [0, float.NaN]));
        Rejects(() => Compare.Zero("x", []));
    }

    private static void Rejects(Action comparison) => Assert.ThrowsAny<XunitException>(comparison);
}
