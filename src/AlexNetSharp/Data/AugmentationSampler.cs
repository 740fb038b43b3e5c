using AlexNetSharp.Random;

namespace AlexNetSharp.Data;

/// <summary>Draws what happens to an image: a function of seed, epoch and image alone, so that threads and interruptions change nothing.</summary>
internal sealed class AugmentationSampler
{
    // Which random number of an image decides what. Fixed places: switching one change on leaves the others as they were.
    private const int Top = 0, Left = 1, Flip = 2, Color = 3, ResizedTop = 6, ResizedLeft = 7, Attempts = 8, MaxAttempts = 10;

    private readonly Augmentation _settings;
    private readonly ulong _seed;

    public AugmentationSampler(Augmentation settings, ulong seed)
    {
        settings.Validate();
        (_settings, _seed) = (settings, seed ^ SeedSalts.Augmentation);
    }

    /// <summary>Draws for one image.</summary>
    /// <param name="preprocessor">Knows the sizes.</param>
    /// <param name="image">The image.</param>
    /// <param name="index">Its number in the dataset.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    public AugmentationDraw Draw(Preprocessor preprocessor, PixelBuffer image, int index, int epoch)
    {
        var random = new Philox(_seed, (uint)index, (uint)epoch);
        PixelRegion? region = null;
        PixelRegion window = default;
        if (_settings.RandomResizedCrop is { } resized)
            region = ResizedRegion(random, resized, image.Height, image.Width);
        else
        {
            (int height, int width) = preprocessor.ResizedSize(image);
            int cropHeight = preprocessor.Settings.CropHeight, cropWidth = preprocessor.Settings.CropWidth, padding = _settings.Padding;
            window = _settings.RandomCrop
                ? new PixelRegion(Integer(random, Top, height - cropHeight + 2 * padding) - padding,
                    Integer(random, Left, width - cropWidth + 2 * padding) - padding, cropHeight, cropWidth)
                : PixelRegion.Center(height, width, cropHeight, cropWidth);
        }
        return new AugmentationDraw
        {
            Region = region,
            Window = window,
            Flip = _settings.HorizontalFlip && random.Uniform(Flip) < 0.5f,
            ColorShift = _settings.ColorPca is { } pca ? Shift(random, pca) : default,
        };
    }

    /// <summary>
    /// A part of random area and proportion; after ten failures the largest part in the middle whose proportion is allowed
    /// (torchvision's <c>RandomResizedCrop.get_params</c>).
    /// </summary>
    private static PixelRegion ResizedRegion(Philox random, RandomResizedCrop settings, int height, int width)
    {
        double low = Math.Log(settings.MinRatio), high = Math.Log(settings.MaxRatio);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            double area = (double)height * width * (settings.MinArea + (settings.MaxArea - settings.MinArea) * random.Uniform(Attempts + 2 * attempt));
            double ratio = Math.Exp(low + (high - low) * random.Uniform(Attempts + 2 * attempt + 1));
            int w = (int)Math.Round(Math.Sqrt(area * ratio)), h = (int)Math.Round(Math.Sqrt(area / ratio));
            if (w >= 1 && w <= width && h >= 1 && h <= height)
                return new PixelRegion(Integer(random, ResizedTop, height - h), Integer(random, ResizedLeft, width - w), h, w);
        }
        double whole = width / (double)height;
        if (whole < settings.MinRatio)
            return PixelRegion.Center(height, width, Math.Clamp((int)Math.Round(width / settings.MinRatio), 1, height), width);
        if (whole > settings.MaxRatio)
            return PixelRegion.Center(height, width, height, Math.Clamp((int)Math.Round(height * settings.MaxRatio), 1, width));
        return new PixelRegion(0, 0, height, width);
    }

    private static (float Red, float Green, float Blue) Shift(Philox random, ColorPca pca)
    {
        float red = 0, green = 0, blue = 0;
        for (int i = 0; i < 3; i++)
        {
            float factor = pca.Deviation * random.Normal(Color + i);
            red += factor * pca.Components[3 * i];
            green += factor * pca.Components[3 * i + 1];
            blue += factor * pca.Components[3 * i + 2];
        }
        return (red, green, blue);
    }

    /// <summary>An integer from 0 to <paramref name="largest"/>, both included.</summary>
    private static int Integer(Philox random, int place, int largest) =>
        Math.Min((int)(random.Uniform(place) * (double)(largest + 1L)), largest);
}
