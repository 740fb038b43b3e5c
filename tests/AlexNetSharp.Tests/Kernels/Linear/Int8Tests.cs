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

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(9216)]
    public unsafe void RoundingErrorsOfAColumnCancelAndOnlyWeightsNearTheMiddleMove(int rows)
    {
        var random = new System.Random(rows);
        float[] weights = [.. Enumerable.Range(0, rows * Panel.Width).Select(_ => random.NextSingle() - 0.45f)], again = new float[weights.Length];
        float[] scales = [.. Enumerable.Range(0, Panel.Width).Select(c => Int8.Scale(Column(weights, c).Max(Math.Abs)))];
        sbyte[] quantized = Quantized(weights, rows, scales);
        int moved = 0;
        for (int c = 0; c < Panel.Width; c++)
        {
            double[] errors = [.. Column(weights, c).Zip(Column(quantized, c), (w, q) => q - (double)w / scales[c])];
            Assert.InRange(Math.Abs(errors.Sum()), 0, 0.51);
            double[] others = [.. errors.Where(e => Math.Abs(e) > 0.501)];
            // Rounded to the other neighbor, all in one direction, and no weight that was closer to its own than one that stayed.
            Assert.True(others.Length == 0 || others.Select(Math.Sign).Distinct().Count() == 1);
            double farthest = others.Length == 0 ? 1 : 1 - others.Max(Math.Abs);
            sbyte[] column = Column(quantized, c);
            Assert.All(
                errors.Where((e, r) => others.Length > 0 && Math.Sign(e) == -Math.Sign(others[0]) && Math.Abs((int)column[r]) < Int8.Largest),
                e => Assert.InRange(Math.Abs(e), 0, farthest + 1.0 / 128 + 1e-3));
            moved += others.Length;
        }
        Assert.True(rows < 100 || moved > 0);
        for (int i = 0; i < weights.Length; i++)
            again[i] = quantized[i] * scales[i % Panel.Width];
        Assert.Equal(scales, Enumerable.Range(0, Panel.Width).Select(c => Int8.Scale(Column(again, c).Max(Math.Abs))));
        Assert.Equal(quantized, Quantized(again, rows, scales));
    }

    [Fact]
    public void ColumnsThatAreNotFiniteLeaveTheOthersAlone()
    {
        const int rows = 50;
        var random = new System.Random(3);
        float[] weights = [.. Enumerable.Range(0, rows * Panel.Width).Select(_ => random.NextSingle() - 0.5f)], scales = new float[Panel.Width];
        Array.Fill(scales, Int8.Scale(0.5f));
        sbyte[] expected = Quantized(weights, rows, scales);
        (weights[7], scales[7]) = (float.NaN, float.NaN);
        (weights[9], scales[9]) = (float.PositiveInfinity, float.PositiveInfinity);
        sbyte[] found = Quantized(weights, rows, scales);
        for (int c = 0; c < Panel.Width; c++)
            if (c is not (7 or 9))
                Assert.Equal(Column(expected, c), Column(found, c));
        Assert.All(Column(found, 7).Concat(Column(found, 9)), q => Assert.True(q is 0 or 1));
    }

    private static T[] Column<T>(T[] panel, int column) => [.. panel.Where((_, i) => i % Panel.Width == column)];

    private static unsafe sbyte[] Quantized(float[] weights, int rows, float[] scales)
    {
        sbyte[] quantized = new sbyte[weights.Length];
        fixed (float* weight = weights, scale = scales)
        fixed (sbyte* target = quantized)
            Int8Panel.Quantize(weight, rows, scale, target);
        return quantized;
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
