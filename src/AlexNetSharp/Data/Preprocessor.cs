using System.Globalization;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>Applies a <see cref="Preprocessing"/> to images, into memory of the caller.</summary>
/// <remarks>Holds scratch memory, so each thread needs its own. Allocates nothing once the largest image has been seen.</remarks>
public sealed class Preprocessor
{
    /// <summary>Number of crops that <see cref="ApplyTenCrop"/> makes of an image.</summary>
    public const int TenCropViews = 10;

    private readonly Resampler _resampler = new();
    private readonly PixelNormalization _normalization;
    private byte[] _crop = [];

    /// <summary>Creates a preprocessor.</summary>
    /// <param name="settings">The settings.</param>
    /// <exception cref="ArgumentException">The settings contradict each other.</exception>
    public Preprocessor(Preprocessing settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        Settings = settings;
        _normalization = new PixelNormalization(settings);
    }

    /// <summary>The settings.</summary>
    internal Preprocessing Settings { get; }

    /// <summary>Writes the network's input for an image: resized, center-cropped, normalized.</summary>
    /// <param name="image">The image, 1 or 3 channels.</param>
    /// <param name="output">Receives [height, width, channels], <see cref="Preprocessing.Length"/> values.</param>
    /// <exception cref="ArgumentException"><paramref name="output"/> has another length.</exception>
    /// <exception cref="InvalidDataException">The image is smaller than the crop and the settings do not resize.</exception>
    public void Apply(PixelBuffer image, Span<float> output)
    {
        ArgumentNullException.ThrowIfNull(image);
        RequireLength(output, 1);
        (int height, int width) = ResizedSize(image);
        CropAndNormalize(image, height, width, PixelRegion.Center(height, width, Settings.CropHeight, Settings.CropWidth), false, output);
    }

    /// <summary>
    /// Writes ten inputs for an image: top left, top right, bottom left, bottom right, middle, and the mirror images of these five, as
    /// in section 4.1 of the 2012 paper.
    /// </summary>
    /// <remarks>
    /// torchvision's <c>ten_crop</c> flips the image before it crops: its last five crops come in a different order, and if the margin is odd,
    /// its flipped center crop is shifted by one pixel.
    /// </remarks>
    /// <param name="image">The image, 1 or 3 channels.</param>
    /// <param name="output">Receives [10, height, width, channels].</param>
    /// <exception cref="ArgumentException"><paramref name="output"/> has another length.</exception>
    /// <exception cref="InvalidDataException">The image is smaller than the crop and the settings do not resize.</exception>
    public void ApplyTenCrop(PixelBuffer image, Span<float> output)
    {
        ArgumentNullException.ThrowIfNull(image);
        RequireLength(output, TenCropViews);
        (int height, int width) = ResizedSize(image);
        int cropHeight = Settings.CropHeight, cropWidth = Settings.CropWidth, down = height - cropHeight, right = width - cropWidth;
        ReadOnlySpan<PixelRegion> crops =
        [
            new(0, 0, cropHeight, cropWidth), new(0, right, cropHeight, cropWidth),
            new(down, 0, cropHeight, cropWidth), new(down, right, cropHeight, cropWidth),
            PixelRegion.Center(height, width, cropHeight, cropWidth),
        ];
        for (int i = 0; i < TenCropViews; i++)
            CropAndNormalize(image, height, width, crops[i % 5], i >= 5, output.Slice(i * Settings.Length, Settings.Length));
    }

    /// <summary>Writes the network's input for an image, changed at random as drawn beforehand.</summary>
    /// <param name="image">The image, 1 or 3 channels.</param>
    /// <param name="draw">The random decisions, made for this image's size.</param>
    /// <param name="output">Receives [height, width, channels].</param>
    internal void Apply(PixelBuffer image, in AugmentationDraw draw, Span<float> output)
    {
        RequireLength(output, 1);
        if (draw.Region is { } region)
        {
            var whole = new PixelRegion(0, 0, Settings.CropHeight, Settings.CropWidth);
            Span<byte> crop = CropBuffer(image.Channels);
            _resampler.Resize(image, region, whole.Height, whole.Width, whole, crop, whole.Width * image.Channels);
            _normalization.Apply(crop, image.Channels, draw.Flip, draw.ColorShift, output);
            return;
        }
        (int height, int width) = ResizedSize(image);
        CropAndNormalize(image, height, width, draw.Window, draw.Flip, output, draw.ColorShift);
    }

    /// <summary>Size of an image after resizing.</summary>
    internal (int Height, int Width) ResizedSize(PixelBuffer image)
    {
        int height = image.Height, width = image.Width, to = Settings.ResizeTo;
        return Settings.Resize switch
        {
            ResizeMode.ShorterSide when height < width => (to, Longer(width, height)),
            ResizeMode.ShorterSide => (Longer(height, width), to),
            ResizeMode.Square => (to, to),
            _ when height >= Settings.CropHeight && width >= Settings.CropWidth => (height, width),
            _ => throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"an image of {height}×{width} pixels is smaller than the network's input of {Settings.CropHeight}×{Settings.CropWidth}, and resizing is off.")),
        };

        // Cut off, not rounded, as torchvision does. Beyond 2³¹ the proportion is nobody's concern.
        int Longer(int longer, int shorter) => (int)Math.Min((long)to * longer / shorter, int.MaxValue);
    }

    private Span<byte> CropBuffer(int channels)
    {
        int length = Settings.CropHeight * Settings.CropWidth * channels;
        if (_crop.Length < length)
            _crop = GC.AllocateUninitializedArray<byte>(length);
        return _crop.AsSpan(0, length);
    }

    private void CropAndNormalize(PixelBuffer image, int height, int width, PixelRegion window, bool flip, Span<float> output,
        (float Red, float Green, float Blue) colorShift = default)
    {
        int channels = image.Channels, stride = window.Width * channels;
        Span<byte> crop = CropBuffer(channels);
        // A window may reach beyond the image (random crop with padding): black there.
        int top = Math.Max(window.Top, 0), left = Math.Max(window.Left, 0);
        int bottom = (int)Math.Min(window.Top + (long)window.Height, height), right = (int)Math.Min(window.Left + (long)window.Width, width);
        var inside = new PixelRegion(top, left, bottom - top, right - left);
        if (inside.Height < window.Height || inside.Width < window.Width)
            crop.Clear();
        if (inside.Height > 0 && inside.Width > 0)
            _resampler.Resize(image, new PixelRegion(0, 0, image.Height, image.Width), height, width, inside,
                crop[((top - window.Top) * stride + (left - window.Left) * channels)..], stride);
        _normalization.Apply(crop, channels, flip, colorShift, output);
    }

    private void RequireLength(Span<float> output, int inputs)
    {
        if (output.Length != (long)inputs * Settings.Length)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"{output.Length} values of room; {inputs} inputs of {Settings.CropHeight}×{Settings.CropWidth}×{Settings.Channels} need {(long)inputs * Settings.Length}."),
                nameof(output));
    }
}
