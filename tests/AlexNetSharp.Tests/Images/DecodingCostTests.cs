using AlexNetSharp.Data;
using AlexNetSharp.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Images;

/// <summary>What an image costs is known before it is decoded, and decoding can be given up.</summary>
public sealed class DecodingCostTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly ImageDecoder _decoder = new(new ImageDecoderOptions { ReduceBeyond = 500_000, ReducedSide = 100 });

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, 7)]
    [InlineData(SKEncodedImageFormat.Jpeg, 7)]
    [InlineData(SKEncodedImageFormat.Webp, 15)]
    public void ItIsReadFromTheHeader(SKEncodedImageFormat format, int bytesPerPixel) =>
        Assert.Equal(new DecodingCost(300 * 200 * bytesPerPixel, 300 * 200), _decoder.CostOf(TestImages.Encode(300, 200, format, out _), "image"));

    [Fact]
    public void AReducedJpegCostsTheMemoryOfWhatRemains() =>
        Assert.Equal(new DecodingCost(600 * 400 * 7, 1200 * 800), _decoder.CostOf(TestImages.Encode(1200, 800, SKEncodedImageFormat.Jpeg, out _, (x, y, c) => 9), "image"));

    [Fact]
    public void WhatCannotBeDecodedHasNoCost()
    {
        Assert.StartsWith("text: not a JPEG", Assert.Throws<InvalidDataException>(() => _decoder.CostOf("text"u8, "text")).Message, StringComparison.Ordinal);
        Assert.Throws<ImageTooLargeException>(() => _decoder.CostOf(TestImages.PngHeader(60000, 60000), "huge"));
        Assert.Throws<InvalidDataException>(() => _decoder.CostOf(TestImages.GifHeader(4898, 4898), "liar"));
    }

    [Fact]
    public void DecodingThatNobodyWaitsForIsGivenUp()
    {
        byte[] jpeg = TestImages.Encode(3000, 3000, SKEncodedImageFormat.Jpeg, out _);
        var expected = new PixelBuffer();
        var pixels = new PixelBuffer();
        _decoder.Decode(jpeg, expected, "large");
        using var end = new CancellationTokenSource();
        // Through the stream that can end, and yet the same image.
        _decoder.Decode(jpeg, pixels, "large", end.Token);
        Assert.True(expected.Pixels.SequenceEqual(pixels.Pixels));
        end.CancelAfter(5);
        Assert.Throws<OperationCanceledException>(DecodeForever);
        Assert.Throws<OperationCanceledException>(() => _decoder.Decode(TestImages.Encode(8, 8, SKEncodedImageFormat.Png, out _), pixels, "small", end.Token));
        _decoder.Decode(jpeg, pixels, "large", Token);
        Assert.True(expected.Pixels.SequenceEqual(pixels.Pixels));

        void DecodeForever()
        {
            while (true)
                _decoder.Decode(jpeg, pixels, "large", end.Token);
        }
    }
}
