using AlexNetSharp.Random;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Random;

public sealed unsafe class PhiloxTests
{
    // The known answers published with the generator: tests/kat_vectors of Random123, lines "philox4x32 10".
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void KnownAnswers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3)
    {
        U32x1 x0 = new(c0), x1 = new(c1), x2 = new(c2), x3 = new(c3);
        PhiloxLanes.Rounds<U32x1, F32x1>(k0, k1, ref x0, ref x1, ref x2, ref x3);
        Assert.Equal([r0, r1, r2, r3], new[] { x0.Value, x1.Value, x2.Value, x3.Value });
    }

    [Fact]
    public void BlockStreamStepAndSeedAreTheWordsOfCounterAndKey()
    {
        PhiloxLanes.Block<U32x1, F32x1>(
            0x299f31d0_a4093822, 0x85a308d3_243f6a88, 0x13198a2e, 0x03707344, out U32x1 c0, out _, out _, out U32x1 c3);
        Assert.Equal(0xd16cfe09u, c0.Value);
        Assert.Equal(0x24126ea1u, c3.Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryVectorWidthPositionAndLengthGivesTheSameBits(int distribution)
    {
        var random = new Philox(42, 7, 3);
        float[] expected = Enumerable.Range(0, 1000)
            .Select(i => distribution switch { 0 => random.Uniform(i), 1 => random.Normal(i), _ => random.TruncatedNormal(i) }).ToArray();
        Assert.Equal(expected.Length, expected.Distinct().Count());
        foreach (SimdTier tier in TestedTiers.All)
            foreach ((int first, int count) in new[] { (0, 1000), (0, 1), (0, 63), (1, 64), (63, 2), (64, 64), (100, 900), (17, 0), (999, 1) })
            {
                var actual = new float[count + 1];
                actual[count] = -77;
                fixed (float* pointer = actual)
                    switch (distribution)
                    {
                        case 0: random.Fill(new UniformDistribution(0, 1), pointer, first, count, tier); break;
                        case 1: random.Fill(new NormalDistribution(0, 1), pointer, first, count, tier); break;
                        default: random.Fill(new TruncatedNormalDistribution(0, 1), pointer, first, count, tier); break;
                    }
                Assert.Equal(expected[first..(first + count)], actual[..count]);
                Assert.Equal(-77, actual[count]);
            }
    }

    [Fact]
    public void UniformIsMadeOfTheUpper24Bits()
    {
        var random = new Philox(1);
        for (int i = 0; i < 200; i++)
            Assert.Equal((random.Bits(i) >> 8) / 16777216f, random.Uniform(i));
    }

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void TruncatedNormalNeverLeavesTwoDeviationsAndInvertsTheDistributionFunction()
    {
        // Moments of the distribution, from integrating by parts with a = 2:
        // variance 1 − 2aφ(a)/mass, fourth moment 3·variance − 2a³φ(a)/mass, where mass is the probability of |z| ≤ a.
        double density = Math.Exp(-2) / Math.Sqrt(2 * Math.PI), mass = 0.954499736103642;
        double variance = 1 - 2 * 2 * density / mass, fourth = 3 * variance - 2 * 8 * density / mass;
        const int n = 4_000_000;
        var values = new float[n];
        new Philox(5).FillTruncatedNormal(values);
        Assert.True(values.Max() <= 2 && values.Max() > 1.9999);
        Assert.True(values.Min() >= -2 && values.Min() < -1.9999);
        AssertMoments(values, variance, fourth);
    }

    [Fact]
    public void TruncatedNormalIsTheInverseOfTheDistributionFunctionEverywhere()
    {
        // All words with distinct upper bits, through the same code that fills: error against Newton's iteration on the error function.
        double worst = 0;
        for (long word = 0; word < 1L << 32; word += (1 << 8) * 997)
        {
            new TruncatedNormalDistribution(0, 1).Sample(new U32x1((uint)word), new U32x1(~(uint)word), out F32x1 x, out F32x1 mirrored);
            double p = (((int)(uint)word >> 8) + 0.5) / (1 << 23);
            double actual = IntegralOfNormal(x.Value), expected = p * IntegralOfNormal(2);
            worst = Math.Max(worst, Math.Abs(actual - expected) / Math.Abs(expected));
            Assert.Equal(-x.Value, mirrored.Value);
        }
        Assert.InRange(worst, 1e-9, 1e-6);
    }

    [Fact]
    public void ExtremeWordsStayInRange()
    {
        foreach (uint word in new[] { 0u, 255u, 256u, 0x7FFFFFFFu, 0x80000000u, 0x7FFFFF00u, 0xFFFFFFFFu })
        {
            new TruncatedNormalDistribution(0, 1).Sample(new U32x1(word), new U32x1(word), out F32x1 t, out _);
            Assert.InRange(Math.Abs(t.Value), 1e-8f, 2f);
            new NormalDistribution(0, 1).Sample(new U32x1(word), new U32x1(word), out F32x1 x, out F32x1 y);
            Assert.InRange(Math.Sqrt((double)x.Value * x.Value + (double)y.Value * y.Value), 0, 5.8);
        }
    }

    [Fact]
    public void NormalIsBoxAndMullersTransform()
    {
        for (uint i = 0; i < 100_000; i++)
        {
            uint a = i * 2654435761, b = i * 40503 * 65537 + i;
            new NormalDistribution(0, 1).Sample(new U32x1(a), new U32x1(b), out F32x1 x, out F32x1 y);
            double radius = Math.Sqrt(-2 * Math.Log(((a >> 8) + 1) / 16777216.0));
            double angle = Math.PI / 2 * ((b >> 30) + (((int)(b << 2) >> 8) / (double)(1 << 24)));
            Assert.InRange(x.Value - radius * Math.Cos(angle), -2e-6, 2e-6);
            Assert.InRange(y.Value - radius * Math.Sin(angle), -2e-6, 2e-6);
        }
    }

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void NormalAndUniformHaveTheirMoments()
    {
        var values = new float[4_000_000];
        new Philox(9, 1).FillNormal(values);
        AssertMoments(values, 1, 3);
        new Philox(9, 2).FillUniform(values, -3, 3);
        AssertMoments(values, 3, 81 / 5.0);
        new Philox(9, 2).FillNormal(values, 0.5f, 10);
        Assert.InRange(values.Average(v => (double)v), 9.999, 10.001);
    }

    [Fact]
    public void IntegersAndShufflesAreEven()
    {
        var counts = new int[6];
        var orders = new int[3, 3];
        for (int i = 0; i < 60_000; i++)
        {
            counts[new Philox(3).Integer(i, 6)]++;
            int[] items = [0, 1, 2];
            new Philox(3, 1, (uint)i).Shuffle<int>(items);
            for (int k = 0; k < 3; k++)
                orders[k, items[k]]++;
        }
        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
        foreach (int c in orders)
            Assert.InRange(c, 19_300, 20_700);
        Assert.Equal(0, new Philox(3).Integer(5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Philox(3).Integer(5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Philox(3).Uniform(-1));
    }

    [Fact]
    public void SeedsStreamsAndStepsDiffer()
    {
        float[] firsts = [new Philox(1).Uniform(0), new Philox(2).Uniform(0), new Philox(1UL << 32).Uniform(0), new Philox(1, 1).Uniform(0), new Philox(1, 0, 1).Uniform(0)];
        Assert.Equal(firsts.Length, firsts.Distinct().Count());
    }

    private static void AssertMoments(float[] values, double variance, double fourth)
    {
        double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
        foreach (float v in values)
        {
            double x = v;
            m1 += x;
            m2 += x * x;
            m3 += x * x * x;
            m4 += x * x * x * x;
        }
        int n = values.Length;
        double deviation = Math.Sqrt(variance);
        Assert.InRange(m1 / n / deviation, -0.0025, 0.0025);
        Assert.InRange(m2 / n / variance, 0.995, 1.005);
        Assert.InRange(m3 / n / (variance * deviation), -0.01, 0.01);
        Assert.InRange(m4 / n / fourth, 0.99, 1.01);
    }

    /// <summary>∫₀ˣ of the normal density: x·φ-series Σ (−1)ᵏ x²ᵏ⁺¹ / (2ᵏ k! (2k + 1)) / √(2π).</summary>
    private static double IntegralOfNormal(double x)
    {
        double sum = 0, term = x;
        for (int k = 0; k < 60; k++)
        {
            sum += term / (2 * k + 1);
            term *= -x * x / (2 * (k + 1));
        }
        return sum / Math.Sqrt(2 * Math.PI);
    }
}
