using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Kernels.Linear;

public class Int8Tests
{
    [Fact]
    public void ValuesAreExactAndGiveThemselvesAgain()
    {
        var random = new System.Random(1);
        for (int i = 0; i < 1000; i++)
        {
            float largest = (float)Math.Exp(80 * random.NextDouble() - 70), scale = Int8.Scale(largest), inverse = Int8.Inverse(scale);
            Assert.Equal(Int8.Largest, Int8.Round(largest, inverse));
            Assert.Equal(-Int8.Largest, Int8.Round(-largest, inverse));
            Assert.Equal(scale, Int8.Scale(Int8.Largest * scale));
            for (int q = -Int8.Largest; q <= Int8.Largest; q++)
            {
                Assert.Equal((double)q * scale, q * scale);
                Assert.Equal(q, Int8.Round(q * scale, inverse));
            }
        }
    }

    [Fact]
    public void AWeightIsOffByHalfAScaleAtMost()
    {
        var random = new System.Random(2);
        float scale = Int8.Scale(0.7f), inverse = Int8.Inverse(scale);
        for (int i = 0; i < 10_000; i++)
        {
            float weight = 1.4f * random.NextSingle() - 0.7f;
            Assert.True(Math.Abs(weight - scale * Int8.Round(weight, inverse)) <= 0.5001 * scale);
        }
    }

    [Fact]
    public void ZerosAndWhatIsNotFiniteStayWhatTheyAre()
    {
        Assert.Equal(0, Int8.Scale(0));
        Assert.Equal(0, Int8.Round(0, Int8.Inverse(0)));
        Assert.Equal(0, Int8.Round(1e-38f, Int8.Inverse(Int8.Scale(1e-38f))));
        Assert.True(float.IsNaN(Int8.Scale(float.NaN) * Int8.Round(3, Int8.Inverse(Int8.Scale(float.NaN)))));
        Assert.False(float.IsFinite(Int8.Scale(float.PositiveInfinity) * Int8.Round(float.PositiveInfinity, Int8.Inverse(float.PositiveInfinity))));
    }
}
