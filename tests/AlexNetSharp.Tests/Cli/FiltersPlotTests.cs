using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Training;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

public class FiltersPlotTests
{
    [Fact]
    public void TheLargestWeightLiesAtTheEndOfTheScale()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        // [3, 3, 3, 8]: the first two kernels' first pixel in red.
        var values = new float[3 * 3 * 3 * 8];
        (values[0], values[1]) = (2, -1);
        parameters["conv1.weight"].CopyFrom(values);
        using var image = SKBitmap.Decode(FiltersPlot.ToPng(parameters));
        // Eight kernels of 3×3, eight times enlarged: three columns, three rows.
        Assert.Equal((3 * 26 + 2, 3 * 26 + 2), (image.Width, image.Height));
        Assert.Equal(new SKColor(255, 127, 127), image.GetPixel(2, 2));
        Assert.Equal(new SKColor(63, 127, 127), image.GetPixel(28, 2));
        Assert.Equal(new SKColor(127, 127, 127), image.GetPixel(2 + 8, 2));
        Assert.Equal(SKColors.White, image.GetPixel(0, 0));
    }
}
