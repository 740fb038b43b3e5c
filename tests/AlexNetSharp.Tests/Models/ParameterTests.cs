using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Models;

public class ParameterTests
{
    private static readonly Network s_tiny = new("tiny", Shape.Vector(7),
    [
        new Linear("fc", 45, weightInitializer: Initializer.TruncatedNormal(0.5f), biasInitializer: Initializer.Constant(0.25f)),
    ]);

    [Fact]
    public void TheSameSeedGivesTheSameBitsAndAnotherSeedDoesNot()
    {
        using var a = ParameterSet.Initialize(s_tiny, 1);
        using var b = ParameterSet.Initialize(s_tiny, 1);
        using var c = ParameterSet.Initialize(s_tiny, 2);
        Assert.True(a["fc.weight"].Storage.SequenceEqual(b["fc.weight"].Storage));
        Assert.False(a["fc.weight"].Storage.SequenceEqual(c["fc.weight"].Storage));
    }

    [Fact]
    public void ATruncatedNormalStaysWithinTwoDeviations()
    {
        using var set = ParameterSet.Initialize(s_tiny, 3);
        float[] values = new float[7 * 45];
        set["fc.weight"].CopyTo(values);
        Assert.All(values, v => Assert.InRange(v, -1, 1));
        // The deviation of a normal distribution cut at 2 is 0.8796 of the whole one's.
        Assert.Equal(0.5 * 0.8796, Math.Sqrt(values.Average(v => (double)v * v)), 0.04);
        Assert.All(set["fc.bias"].Storage.ToArray(), v => Assert.Equal(0.25f, v));
    }

    [Fact]
    public void AnyRangeCanBeCopiedOut()
    {
        using var set = ParameterSet.Initialize(s_tiny, 3);
        foreach (string name in (string[])["fc.weight", "fc.bias"])
        {
            float[] dense = new float[set[name].Spec.Length];
            set[name].CopyTo(dense);
            for (int first = 0; first < dense.Length; first++)
                for (int length = 0; length <= dense.Length - first; length += 1 + length / 3)
                {
                    float[] range = new float[length];
                    set[name].CopyRange(first, range);
                    Assert.Equal(dense.AsSpan(first, length).ToArray(), range);
                }
        }
    }

    [Fact]
    public void PanelsHoldTheMatrixAndZeros()
    {
        using var set = new ParameterSet(s_tiny);
        float[] dense = [.. Enumerable.Range(1, 7 * 45).Select(i => (float)i)];
        set["fc.weight"].CopyFrom(dense);
        Span<float> storage = set["fc.weight"].Storage;
        Assert.Equal(2 * 7 * 32, storage.Length);
        Assert.Equal(dense[3 * 45 + 31], storage[3 * 32 + 31]);
        Assert.Equal(dense[3 * 45 + 32], storage[7 * 32 + 3 * 32]);
        Assert.Equal(dense.Sum(), storage.ToArray().Sum());
        float[] back = new float[dense.Length];
        set["fc.weight"].CopyTo(back);
        Assert.Equal(dense, back);
    }

    [Fact]
    public void AfterDisposeNothingReachesTheMemory()
    {
        var set = new ParameterSet(s_tiny);
        Parameter weight = set["fc.weight"];
        set.Dispose();
        set.Dispose();
        float[] values = new float[7 * 45];
        Assert.Contains("disposed", Assert.Throws<ObjectDisposedException>(() => weight.CopyTo(values)).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => weight.CopyFrom(values));
        Assert.Throws<ObjectDisposedException>(() => weight.Storage.Length);
        Assert.Throws<ObjectDisposedException>(() => set["fc.bias"].Storage.Length);
    }

    [Fact]
    public void RandomPanelsHaveZerosBehindTheLastOutput()
    {
        using var set = ParameterSet.Initialize(s_tiny, 1);
        Span<float> last = set["fc.weight"].Storage[(7 * 32)..];
        for (int i = 0; i < last.Length; i++)
            Assert.Equal(i % 32 >= 13, last[i] == 0);
    }
}
