namespace AlexNetSharp.Images;

/// <summary>What a <see cref="ImageDecoder"/> accepts, and what lies behind transparent images.</summary>
public sealed record ImageDecoderOptions
{
    /// <summary>The largest width × height that is decoded; 64 Mi (8192 × 8192) unless set. Checked before memory is taken.</summary>
    /// <remarks>
    /// A JPEG that is reduced (<see cref="ReduceBeyond"/>) counts with what remains of it, unless it is progressive: decoding that, as other images,
    /// takes memory for all pixels.
    /// </remarks>
    public int MaxPixels { get; init; } = 8192 * 8192;

    /// <summary>The largest file that is read, in bytes; 256 MiB unless set.</summary>
    public int MaxFileBytes { get; init; } = 256 << 20;

    /// <summary>The most pixels × scans that a JPEG may cost, 2³⁰ unless set: about a second. Counted before decoding.</summary>
    /// <remarks>A progressive JPEG is gone over once for each of its scans, of which a small file can hold hundreds.</remarks>
    public long MaxPixelScans { get; init; } = 1 << 30;

    /// <summary>JPEGs of more pixels are decoded at a half, a quarter or an eighth of their size; 25,000,000 unless set.</summary>
    /// <remarks>
    /// The largest of these sizes that has no more pixels than this is taken, as long as the shorter side keeps <see cref="ReducedSide"/>. Time and
    /// memory are then those of the smaller image. Its pixels differ a little from those of a resize.
    /// </remarks>
    public int ReduceBeyond { get; init; } = 25_000_000;

    /// <summary>What the shorter side of a reduced JPEG has at least; 512 unless set.</summary>
    public int ReducedSide { get; init; } = 512;

    /// <summary>Takes a line for each image that ends early, which is then shown as far as it goes; null: such an image is an error.</summary>
    /// <remarks>May be called from several threads at once. What is missing is gray in a JPEG and black or the background in other formats, as in Pillow.</remarks>
    public Action<string>? ShowTruncated { get; init; }

    /// <summary>The red, green and blue that show through where an image is transparent; white unless set.</summary>
    public (byte Red, byte Green, byte Blue) Background { get; init; } = (255, 255, 255);
}
