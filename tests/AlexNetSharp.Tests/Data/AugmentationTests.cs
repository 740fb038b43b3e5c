using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Data;

public class AugmentationTests
{
    private static readonly Preprocessing Plain = new() { Resize = ResizeMode.None, CropHeight = 6, CropWidth = 5 };

    [Fact]
    public void RandomCropsReachEveryPlace()
    {
        var draws = Draws(new Augmentation { RandomCrop = true, Padding = 2 }, 8, 9, 4000);
        Assert.Equal(Enumerable.Range(-2, 2 + 2 + 2 + 1), draws.Select(d => d.Window.Top).Distinct().Order());
        Assert.Equal(Enumerable.Range(-2, 4 + 2 + 2 + 1), draws.Select(d => d.Window.Left).Distinct().Order());
        // Each of 63 places has probability 1/63: between 30 and 110 of 4000, six deviations to each side.
        Assert.All(draws.GroupBy(d => d.Window), group => Assert.InRange(group.Count(), 20, 115));
        Assert.All(draws, d => Assert.False(d.Flip));
    }

    [Fact]
    public void FlipsHalfOfTheImages()
    {
        int flips = Draws(new Augmentation { HorizontalFlip = true }, 8, 9, 4000).Count(d => d.Flip);
        Assert.InRange(flips, 1800, 2200);
        Assert.Equal(new PixelRegion(1, 2, 6, 5), Draws(new Augmentation(), 8, 9, 1)[0].Window);
    }

    [Theory]
    [InlineData(40, 60), InlineData(60, 40), InlineData(300, 7), InlineData(3, 200), InlineData(1, 1)]
    public void RandomResizedCropsStayInsideTheImageAndInProportion(int height, int width)
    {
        foreach (AugmentationDraw draw in Draws(new Augmentation { RandomResizedCrop = new RandomResizedCrop() }, height, width, 500))
        {
            PixelRegion region = draw.Region!.Value;
            Assert.True(region.Top >= 0 && region.Left >= 0 && region.Top + region.Height <= height && region.Left + region.Width <= width, region.ToString());
            Assert.True(region.Height >= 1 && region.Width >= 1);
            if (Math.Min(height, width) >= 40)
                Assert.InRange(region.Width / (double)region.Height, 0.7, 1.43);
        }
    }

    [Fact]
    public void AResizedCropOfTheWholeEqualsAResize()
    {
        PixelBuffer image = ResamplerTests.Source(0, 3, 12, 10);
        var settings = Plain with { CropHeight = 12, CropWidth = 10 };
        float[] output = new float[settings.Length];
        new Preprocessor(settings).Apply(image, new AugmentationDraw { Region = new PixelRegion(0, 0, 12, 10) }, output);
        for (int i = 0; i < output.Length; i++)
            Assert.Equal(image.Pixels[i], output[i]);
    }

    [Fact]
    public void ColorsShiftAlongTheComponents()
    {
        var pca = new ColorPca([100, 0, 0, 0, 50, 0, 0, 0, 0]);
        var draws = Draws(new Augmentation { ColorPca = pca }, 8, 9, 4000);
        Assert.InRange(Deviation(draws.Select(d => (double)d.ColorShift.Red)), 9.4, 10.6);
        Assert.InRange(Deviation(draws.Select(d => (double)d.ColorShift.Green)), 4.7, 5.3);
        Assert.All(draws, d => Assert.Equal(0, d.ColorShift.Blue));

        static double Deviation(IEnumerable<double> values) => Math.Sqrt(values.Average(v => v * v) - Math.Pow(values.Average(), 2));
    }

    [Fact]
    public void ContradictorySettingsAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new Augmentation { Padding = 3 }.Validate());
        Assert.Throws<ArgumentException>(() => new Augmentation { RandomCrop = true, RandomResizedCrop = new RandomResizedCrop() }.Validate());
        Assert.Throws<ArgumentException>(() => new Augmentation { RandomResizedCrop = new RandomResizedCrop(minArea: 0) }.Validate());
        Assert.Throws<ArgumentException>(() => new Augmentation { ColorPca = new ColorPca([1, 2]) }.Validate());
    }

    [Theory]
    [InlineData(ChannelOrder.Rgb), InlineData(ChannelOrder.Bgr)]
    public void StatisticsAreThoseOfThePixels(ChannelOrder order)
    {
        var set = new SyntheticImages(31);
        var settings = new Preprocessing { Resize = ResizeMode.None, CropHeight = 8, CropWidth = 8, ChannelOrder = order, Scale = 0.1f, Mean = [1, 2, 3] };
        TrainingStatistics one = TrainingStatistics.Compute(set, settings, 1, cancellation: TestContext.Current.CancellationToken);
        TrainingStatistics three = TrainingStatistics.Compute(set, settings, 3, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(one.ElementMean.AsEnumerable(), three.ElementMean);
        Assert.Equal(one.Colors!.Components.AsEnumerable(), three.Colors!.Components);
        double[] element = new double[192];
        double[,] sums = new double[3, 3];
        double[] mean = new double[3];
        var image = new PixelBuffer();
        for (int n = 0; n < 31; n++)
        {
            set.Read(n, image);
            for (int i = 0; i < 192; i++)
            {
                int c = order == ChannelOrder.Bgr ? 2 - i % 3 : i % 3, pixel = i / 3 * 3;
                element[i] += image.Pixels[pixel + c] / 31.0;
                mean[i % 3] += image.Pixels[pixel + i % 3] / (31 * 64.0);
                for (int b = 0; b < 3; b++)
                    sums[i % 3, b] += image.Pixels[pixel + i % 3] * image.Pixels[pixel + b] / (31 * 64.0);
            }
        }
        for (int i = 0; i < 192; i++)
            Assert.Equal(element[i], one.ElementMean[i], 1e-4);
        for (int a = 0; a < 3; a++)
        {
            int channel = order == ChannelOrder.Bgr ? 2 - a : a;
            Assert.Equal(mean[a], one.ChannelMean[channel], 1e-4);
            Assert.Equal(Math.Sqrt(sums[a, a] - mean[a] * mean[a]), one.ChannelDeviation[channel], 1e-3);
            // The components rebuild the covariance, in red, green, blue whatever the network's order.
            for (int b = 0; b < 3; b++)
                Assert.Equal(sums[a, b] - mean[a] * mean[b], Enumerable.Range(0, 3).Sum(k => (double)one.Colors.Components[3 * k + a] * one.Colors.Components[3 * k + b]), 0.05);
        }
    }

    private static AugmentationDraw[] Draws(Augmentation settings, int height, int width, int count)
    {
        var sampler = new AugmentationSampler(settings, 3);
        PixelBuffer image = ResamplerTests.Source(0, 3, height, width);
        var preprocessor = new Preprocessor(settings.RandomResizedCrop is null ? Plain : Plain with { CropHeight = 4, CropWidth = 4 });
        return [.. Enumerable.Range(0, count).Select(i => sampler.Draw(preprocessor, image, i, i / 100))];
    }
}
