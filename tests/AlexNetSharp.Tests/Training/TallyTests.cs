using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class TallyTests
{
    [Fact]
    public void CountsHitsAmongTheFirstAndTheFiveFirst()
    {
        float[] logits = [6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1];
        Tally tally = Tally.Of(logits, [0, 4, 5], lossSum: 6);
        Assert.Equal(new Tally(3, 6, 1, 2), tally);
        Assert.Equal(2, tally.Loss);
        Assert.Equal(1.0 / 3, tally.Top1);
        Assert.Equal(2.0 / 3, tally.Top5);
        Assert.Equal(new Tally(6, 12, 2, 4), tally.Plus(tally));
    }

    [Fact]
    public void AmongEqualValuesOnlyOneClassWins()
    {
        float[] same = new float[10];
        Assert.Equal(1, Enumerable.Range(0, 10).Count(label => Tally.Rank(same, label) == 0));
        Assert.Equal(5, Enumerable.Range(0, 10).Count(label => Tally.Rank(same, label) < 5));
    }

    [Fact]
    public void NotANumberNeverWins()
    {
        float[] logits = [float.NaN, float.NaN, float.NaN];
        Assert.Equal(new Tally(1, 0, 0, 0), Tally.Of(logits, [1], 0));
        Assert.Equal(new Tally(1, 0, 0, 0), Tally.Of([2, float.NaN, 1], [1], 0));
        Assert.Equal(2, Tally.Rank([1, float.NaN, 0, 2], 0));
    }
}
