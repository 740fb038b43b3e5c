using AlexNetSharp.Cli.Models;
using AlexNetSharp.Formats;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Cli;

public class TensorStatisticsTests : FormatTest
{
    [Fact]
    public void ValuesAreCountedAndSummedOverAllPieces()
    {
        // A large mean and small differences, longer than one piece; one NaN and two infinities in between.
        float[] values = [.. Enumerable.Range(0, 40_000).Select(i => 1000 + (i % 2 == 0 ? 0.25f : -0.25f))];
        (values[7], values[20_000], values[39_999]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
        TensorStatistics statistics = Of(values);
        Assert.Equal((999.75f, 1000.25f, 1L, 2L), (statistics.Minimum, statistics.Maximum, statistics.NotANumber, statistics.Infinite));
        Assert.Equal(1000, statistics.Mean, 1e-4);
        Assert.Equal(0.25, statistics.Deviation, 1e-6);
    }

    [Fact]
    public void WithoutFiniteValuesThereIsNothingToSay()
    {
        Assert.True(float.IsNaN(Of([float.NaN]).Maximum));
        Assert.True(double.IsNaN(Of([]).Mean));
    }

    private TensorStatistics Of(float[] values)
    {
        string path = PathOf("x.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Of("x", [values.Length], values)], new Dictionary<string, string>());
        using TensorFile file = TensorFile.Open(path);
        return TensorStatistics.Of(file.Tensors[0]);
    }
}
