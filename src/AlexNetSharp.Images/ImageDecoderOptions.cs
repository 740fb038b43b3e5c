namespace AlexNetSharp.Images;

/// <summary>Limits of an <see cref="ImageDecoder"/>, and the background of transparent images.</summary>
public sealed record ImageDecoderOptions
{
    /// <summary>Maximum width × height. The default is 64 Mi (8192 × 8192). Checked before memory is allocated.</summary>
    /// <remarks>
    /// A JPEG that is reduced (<see cref="ReduceBeyond"/>) counts with its reduced size, unless it is progressive: decoding a progressive JPEG, like
    /// any other image, takes memory for all pixels.
    /// </remarks>
    public int MaxPixels { get; init; } = 8192 * 8192;

    /// <summary>Maximum size of a file, in bytes. The default is 256 MiB.</summary>
    public int MaxFileBytes { get; init; } = 256 << 20;

    /// <summary>Maximum pixels × scans of a JPEG. The default is 2³⁰, about a second of decoding. Checked before decoding.</summary>
    /// <remarks>Decoding a progressive JPEG makes one pass per scan, and even a small file can hold hundreds of scans.</remarks>
    public long MaxPixelScans { get; init; } = 1 << 30;

    /// <summary>JPEGs with more pixels are decoded at a half, a quarter or an eighth of their size. The default is 25,000,000.</summary>
    /// <remarks>
    /// The decoder picks the largest of these sizes with at most this many pixels, as long as the shorter side keeps <see cref="ReducedSide"/>. Time
    /// and memory are then those of the smaller image. Its pixels differ slightly from those of a resize.
    /// </remarks>
    public int ReduceBeyond { get; init; } = 25_000_000;

    /// <summary>Minimum length of the shorter side of a reduced JPEG. The default is 512.</summary>
    public int ReducedSide { get; init; } = 512;

    /// <summary>Receives a message for each truncated image, which is decoded as far as it goes; if null, truncated images are errors.</summary>
    /// <remarks>May be called from several threads at once. The missing part is gray in a JPEG, and black or the background in other formats, as in Pillow.</remarks>
    public Action<string>? ShowTruncated { get; init; }

    /// <summary>Background color where an image is transparent. The default is white.</summary>
    public (byte Red, byte Green, byte Blue) Background { get; init; } = (255, 255, 255);
}
