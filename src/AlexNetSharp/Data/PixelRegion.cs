namespace AlexNetSharp.Data;

/// <summary>A rectangle of pixels.</summary>
/// <param name="Top">First row.</param>
/// <param name="Left">First column.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct PixelRegion(int Top, int Left, int Height, int Width)
{
    /// <summary>The rectangle in the middle of an image.</summary>
    /// <param name="imageHeight">Rows of the image.</param>
    /// <param name="imageWidth">Columns of the image.</param>
    /// <param name="height">Rows of the rectangle.</param>
    /// <param name="width">Columns of the rectangle.</param>
    /// <remarks>
    /// Where the margins cannot be equal, half a pixel is rounded to the even number, as torchvision's <c>center_crop</c> does
    /// (Python's <c>round</c>). If the image is smaller than the rectangle, <see cref="Top"/> or <see cref="Left"/> is negative.
    /// </remarks>
    public static PixelRegion Center(int imageHeight, int imageWidth, int height, int width) =>
        new(Half(imageHeight - height), Half(imageWidth - width), height, width);

    private static int Half(int margin) => (int)Math.Round(margin / 2.0, MidpointRounding.ToEven);
}
