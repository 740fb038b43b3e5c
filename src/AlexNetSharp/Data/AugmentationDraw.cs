namespace AlexNetSharp.Data;

/// <summary>What chance decided for one image in one epoch.</summary>
internal readonly record struct AugmentationDraw
{
    /// <summary>The part of the original image that is resized to the input's size (random resized crop); null if that is off.</summary>
    public PixelRegion? Region { get; init; }

    /// <summary>Otherwise: the crop's place in the resized image; it may reach beyond the edges by the padding.</summary>
    public PixelRegion Window { get; init; }

    /// <summary>Whether left and right change places.</summary>
    public bool Flip { get; init; }

    /// <summary>What is added to every pixel's red, green and blue, in gray levels.</summary>
    public (float Red, float Green, float Blue) ColorShift { get; init; }
}
