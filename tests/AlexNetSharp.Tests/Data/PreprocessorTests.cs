using System.Globalization;
using System.Security.Cryptography;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Data;

public class PreprocessorTests
{
    private static readonly Preprocessing Torchvision = new()
    {
        ResizeTo = 20,
        CropHeight = 16,
        CropWidth = 16,
        Scale = 1 / 255f,
        Mean = [0.485f, 0.456f, 0.406f],
        StandardDeviation = [0.229f, 0.224f, 0.225f],
    };

    [Theory]
    [InlineData(30, 47, 20, 31), InlineData(47, 30, 31, 20), InlineData(9, 9, 20, 20), InlineData(100, 21, 95, 20)]
    public void TheShorterSideIsResizedAndTheMiddleNormalized(int height, int width, int resizedHeight, int resizedWidth)
    {
        PixelBuffer image = ResamplerTests.Source(0, 3, height, width);
        byte[] resized = new byte[resizedHeight * resizedWidth * 3];
        new Resampler().Resize(image, ResamplerTests.Whole(image), resizedHeight, resizedWidth, new PixelRegion(0, 0, resizedHeight, resizedWidth),
            resized, resizedWidth * 3);
        float[] output = new float[Torchvision.Length];
        new Preprocessor(Torchvision).Apply(image, output);
        int top = (int)Math.Round((resizedHeight - 16) / 2.0, MidpointRounding.ToEven), left = (int)Math.Round((resizedWidth - 16) / 2.0, MidpointRounding.ToEven);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                for (int c = 0; c < 3; c++)
                {
                    double pixel = resized[((top + y) * resizedWidth + left + x) * 3 + c];
                    Assert.Equal((pixel / 255 - Torchvision.Mean[c]) / Torchvision.StandardDeviation[c], output[(y * 16 + x) * 3 + c], 1e-5);
                }
    }

    [Fact]
    public void TheNetworksImagesAreThoseOfPillowAndTorchvisionBitForBit()
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", "preprocess.txt"));
        Assert.Equal(35, lines.Length);
        foreach (string line in lines)
        {
            string[] parts = line.Split(' ');
            int[] sizes = [.. parts[1..5].Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
            var settings = new Preprocessing { Resize = Enum.Parse<ResizeMode>(parts[0]), ResizeTo = sizes[0], CropHeight = sizes[1], CropWidth = sizes[1] };
            float[] output = new float[settings.Length];
            new Preprocessor(settings).Apply(ResamplerTests.Source(0, 3, sizes[2], sizes[3]), output);
            byte[] bytes = [.. output.Select(value => (byte)value)];
            Assert.True(Convert.ToHexStringLower(SHA256.HashData(bytes)) == parts[5], line);
        }
    }

    [Theory]
    [InlineData(ChannelOrder.Rgb, 3, new float[] { 10, 20, 30, 40, 50, 60 })]
    [InlineData(ChannelOrder.Bgr, 3, new float[] { 30, 20, 10, 60, 50, 40 })]
    [InlineData(ChannelOrder.Gray, 3, new float[] { 18, 48 })]
    [InlineData(ChannelOrder.Rgb, 1, new float[] { 10, 10, 10, 20, 20, 20 })]
    [InlineData(ChannelOrder.Bgr, 1, new float[] { 10, 10, 10, 20, 20, 20 })]
    [InlineData(ChannelOrder.Gray, 1, new float[] { 10, 20 })]
    public void ChannelsComeInTheOrderOfTheNetwork(ChannelOrder order, int channels, float[] expected)
    {
        var image = new PixelBuffer();
        image.Reset(1, 2, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(10 * i + 10);
        var settings = new Preprocessing { Resize = ResizeMode.None, CropHeight = 1, CropWidth = 2, ChannelOrder = order };
        float[] output = new float[settings.Length];
        new Preprocessor(settings).Apply(image, output);
        Assert.Equal(expected, output);
    }

    [Fact]
    public void AMeanForEachElementStaysInPlace()
    {
        PixelBuffer image = ResamplerTests.Source(0, 3, 5, 7);
        var settings = new Preprocessing { Resize = ResizeMode.None, CropHeight = 5, CropWidth = 7, Mean = [.. Enumerable.Range(0, 105).Select(i => (float)i)] };
        float[] output = new float[105];
        new Preprocessor(settings).Apply(image, output);
        for (int i = 0; i < 105; i++)
            Assert.Equal(image.Pixels[i] - i, output[i]);
        new Preprocessor(settings).Apply(image, new AugmentationDraw { Window = new PixelRegion(0, 0, 5, 7), Flip = true }, output);
        for (int i = 0; i < 105; i++)
            Assert.Equal(image.Pixels[(i / 21 * 7 + 6 - i % 21 / 3) * 3 + i % 3] - i, output[i]);
    }

    [Fact]
    public void AWindowBeyondTheEdgeIsBlackThere()
    {
        PixelBuffer image = ResamplerTests.Source(1, 3, 8, 8);
        image.Pixels.Fill(200);
        var settings = new Preprocessing { Resize = ResizeMode.None, CropHeight = 8, CropWidth = 8, Mean = [1, 2, 3] };
        float[] output = new float[settings.Length];
        new Preprocessor(settings).Apply(image, new AugmentationDraw { Window = new PixelRegion(-2, 3, 8, 8), ColorShift = (10, 20, 30) }, output);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                for (int c = 0; c < 3; c++)
                    Assert.Equal((y < 2 || x >= 5 ? 0 : 200) + 10 * (c + 1) - (c + 1), output[(y * 8 + x) * 3 + c]);
    }

    [Fact]
    public void TenCropsAreCornersMiddleAndTheirMirrorImages()
    {
        PixelBuffer image = ResamplerTests.Source(0, 3, 20, 24);
        var settings = new Preprocessing { Resize = ResizeMode.None, CropHeight = 16, CropWidth = 16 };
        float[] output = new float[10 * settings.Length];
        new Preprocessor(settings).ApplyTenCrop(image, output);
        (int Top, int Left)[] corners = [(0, 0), (0, 8), (4, 0), (4, 8), (2, 4)];
        for (int i = 0; i < 10; i++)
            for (int y = 0; y < 16; y++)
                for (int x = 0; x < 16; x++)
                    for (int c = 0; c < 3; c++)
                        Assert.Equal(image.Pixels[((corners[i % 5].Top + y) * 24 + corners[i % 5].Left + (i < 5 ? x : 15 - x)) * 3 + c],
                            output[((i * 16 + y) * 16 + x) * 3 + c]);
    }

    [Fact]
    public void ApplyingAgainAllocatesNothing()
    {
        PixelBuffer image = ResamplerTests.Source(0, 3, 60, 81);
        var preprocessor = new Preprocessor(Torchvision);
        float[] output = new float[Torchvision.Length];
        preprocessor.Apply(image, output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            preprocessor.Apply(image, output);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void WrongSizesAreRefused()
    {
        var preprocessor = new Preprocessor(new Preprocessing { Resize = ResizeMode.None, CropHeight = 5, CropWidth = 5 });
        Assert.Throws<ArgumentException>(() => preprocessor.Apply(ResamplerTests.Source(0, 3, 5, 5), new float[74]));
        Assert.Contains("smaller", Assert.Throws<InvalidDataException>(() => preprocessor.Apply(ResamplerTests.Source(0, 3, 4, 9), new float[75])).Message,
            StringComparison.Ordinal);
    }
}
