using System.Collections.Immutable;
using System.Globalization;

namespace AlexNetSharp.Data;

/// <summary>Random changes of training images, named as in torchvision and in Krizhevsky, Sutskever and Hinton 2012. All are off unless set.</summary>
public sealed class Augmentation
{
    /// <summary>Crops at a random position instead of the center (RandomCrop).</summary>
    public bool RandomCrop { get; init; }

    /// <summary>For <see cref="RandomCrop"/>: how many black pixels are added at each edge of the resized image before the crop.</summary>
    public int Padding { get; init; }

    /// <summary>Crops a random part of the original image and resizes it to the input's size (RandomResizedCrop), instead of resize and crop.</summary>
    public RandomResizedCrop? RandomResizedCrop { get; init; }

    /// <summary>Flips the image horizontally with probability 0.5 (RandomHorizontalFlip).</summary>
    public bool HorizontalFlip { get; init; }

    /// <summary>Shifts the color of the whole image along the principal components of the training set's colors (section 4.1 of the paper).</summary>
    public ColorPca? ColorPca { get; init; }

    /// <summary>Checks that the settings are consistent.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which.</exception>
    public void Validate()
    {
        Require(Padding is >= 0 and <= 1 << 14, $"padding {Padding}: must be 0 to {1 << 14}");
        Require(Padding == 0 || RandomCrop, $"padding {Padding} needs the random crop");
        Require(!RandomCrop || RandomResizedCrop is null, $"random crop and random resized crop cannot be combined");
        if (RandomResizedCrop is { } crop)
        {
            Require(crop.MinArea > 0 && crop.MinArea <= crop.MaxArea && crop.MaxArea <= 1, $"random resized crop of {crop.MinArea} to {crop.MaxArea} of the area: must be in (0, 1]");
            Require(crop.MinRatio > 0 && crop.MinRatio <= crop.MaxRatio && float.IsFinite(crop.MaxRatio), $"random resized crop of ratio {crop.MinRatio} to {crop.MaxRatio}: must be above 0");
        }
        if (ColorPca is { } pca)
        {
            Require(pca.Components.Length == 9 && pca.Components.All(float.IsFinite), $"color components: expected 9 finite numbers, found {pca.Components.Length}");
            Require(float.IsFinite(pca.Deviation) && pca.Deviation >= 0, $"color deviation {pca.Deviation}: must be 0 or more");
        }
    }

    private static void Require(bool condition, FormattableString message)
    {
        if (!condition)
            throw new ArgumentException("Augmentation: " + message.ToString(CultureInfo.InvariantCulture) + ".");
    }
}

/// <summary>Which parts of an image a random resized crop takes; the defaults are torchvision's.</summary>
/// <param name="minArea">Smallest fraction of the image's area.</param>
/// <param name="maxArea">Largest fraction of the image's area.</param>
/// <param name="minRatio">Smallest aspect ratio (width / height).</param>
/// <param name="maxRatio">Largest aspect ratio (width / height).</param>
public sealed class RandomResizedCrop(float minArea = 0.08f, float maxArea = 1, float minRatio = 3 / 4f, float maxRatio = 4 / 3f)
{
    /// <summary>Smallest fraction of the image's area.</summary>
    internal float MinArea { get; } = minArea;

    /// <summary>Largest fraction of the image's area.</summary>
    internal float MaxArea { get; } = maxArea;

    /// <summary>Smallest aspect ratio (width / height).</summary>
    internal float MinRatio { get; } = minRatio;

    /// <summary>Largest aspect ratio (width / height).</summary>
    internal float MaxRatio { get; } = maxRatio;
}

/// <summary>Principal components of color, and how much to shift along them.</summary>
/// <param name="components">
/// Three components, one after the other, each as red, green and blue in gray levels: a unit eigenvector of the covariance of pixels
/// times the deviation along it (the square root of its eigenvalue).
/// </param>
/// <param name="deviation">Deviation of the normal random factor of each component; 0.1 in the paper.</param>
/// <remarks>The paper's formula has the eigenvalue in place of its square root; the root has the unit of a pixel.</remarks>
public sealed class ColorPca(ImmutableArray<float> components, float deviation = 0.1f)
{
    /// <summary>Three components, one after the other, each as red, green and blue in gray levels.</summary>
    public ImmutableArray<float> Components { get; } = components;

    /// <summary>Deviation of the normal random factor of each component; 0.1 in the paper.</summary>
    internal float Deviation { get; } = deviation;
}
