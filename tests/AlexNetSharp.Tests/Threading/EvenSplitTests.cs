using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Threading;

public class EvenSplitTests
{
    [Theory]
    [InlineData(0, 14, 1), InlineData(1, 14, 1), InlineData(32, 14, 1), InlineData(33, 6, 1), InlineData(9216, 192, 32), InlineData(363, 192, 32)]
    public void SplitsCoverTheirRange(int total, int maximum, int unit)
    {
        var split = new EvenSplit(total, maximum, unit);
        int at = 0;
        for (int i = 0; i < split.Count; i++)
        {
            Assert.Equal(at, split.Start(i));
            Assert.InRange(split.Length(at), Math.Min(total, 1), maximum);
            at += split.Length(at);
        }
        Assert.Equal(total, at);
        Assert.Equal((total + maximum / unit * unit - 1) / (maximum / unit * unit), total == 0 ? 0 : split.Count);
    }
}
