using System.Globalization;

namespace AlexNetSharp.Networks;

/// <summary>What a network wants done to an image: resize, crop the center, then (pixel · Scale − Mean) / Deviation by channel.</summary>
/// <param name="Resize">ShorterSide: it gets the size, the proportions stay (torchvision, the paper). Square: both sides get it (Caffe).</param>
/// <param name="ResizeTo">The size for <paramref name="Resize"/>, in pixels.</param>
/// <param name="Crop">Rows and columns cut from the center: the network's input size.</param>
/// <param name="Scale">Factor on the pixel values 0 to 255: 1/255 for networks that want 0 to 1, otherwise 1.</param>
/// <param name="Mean">Subtracted from red, green and blue after <paramref name="Scale"/>.</param>
/// <param name="Deviation">Divides red, green and blue.</param>
public sealed record PreprocessingPreset(ResizeRule Resize, int ResizeTo, int Crop, float Scale, Rgb Mean, Rgb Deviation)
{
    /// <summary>torchvision's preset for ImageNet: shorter side 256, crop 224, mean and deviation of ImageNet on 0 to 1.</summary>
    /// <remarks>Source: https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html.</remarks>
    public static PreprocessingPreset ImageNet { get; } =
        new(ResizeRule.ShorterSide, 256, 224, 1f / 255, new Rgb(0.485f, 0.456f, 0.406f), new Rgb(0.229f, 0.224f, 0.225f));

    /// <summary>The same for images of another size: what is cut off at the edges keeps its share.</summary>
    /// <param name="imageSize">Height and width of the network's input.</param>
    public PreprocessingPreset For(int imageSize) =>
        this with { Crop = imageSize, ResizeTo = (int)Math.Round((double)ResizeTo * imageSize / Crop) };

    /// <summary>One line for humans.</summary>
    public string Details => FormattableString.Invariant(
        $"resize {(Resize == ResizeRule.ShorterSide ? "the shorter side" : "both sides")} to {ResizeTo}, crop {Crop}, RGB · {Scale:g4} − {Mean}, / {Deviation}");

    /// <summary>The settings as the JSON that models carry and that the data side reads.</summary>
    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"resize":"{{Resize}}","resizeTo":{{ResizeTo}},"cropHeight":{{Crop}},"cropWidth":{{Crop}},"channelOrder":"Rgb","scale":{{Scale:R}},"mean":{{Mean.ToJson()}},"deviation":{{Deviation.ToJson()}}}""");
}

/// <summary>How an image of any size becomes a square of <see cref="PreprocessingPreset.ResizeTo"/> pixels or more.</summary>
public enum ResizeRule
{
    /// <summary>The shorter side gets the size, the image keeps its proportions.</summary>
    ShorterSide,

    /// <summary>Both sides get the size, whatever the proportions.</summary>
    Square,
}

/// <summary>One number for each color.</summary>
/// <param name="Red">For red.</param>
/// <param name="Green">For green.</param>
/// <param name="Blue">For blue.</param>
public readonly record struct Rgb(float Red, float Green, float Blue)
{
    /// <summary>The three numbers: (0.485, 0.456, 0.406).</summary>
    public override string ToString() => FormattableString.Invariant($"({Red}, {Green}, {Blue})");

    /// <summary>The three numbers as a JSON array.</summary>
    internal string ToJson() => FormattableString.Invariant($"[{Red:R},{Green:R},{Blue:R}]");
}
