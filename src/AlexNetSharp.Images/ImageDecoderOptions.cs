namespace AlexNetSharp.Images;

/// <summary>What a <see cref="ImageDecoder"/> accepts, and what lies behind transparent images.</summary>
public sealed record ImageDecoderOptions
{
    /// <summary>The largest width × height that is decoded; 64 Mi (8192 × 8192) unless set. Checked before memory is taken.</summary>
    public int MaxPixels { get; init; } = 8192 * 8192;

    /// <summary>The largest file that is read, in bytes; 256 MiB unless set.</summary>
    public int MaxFileBytes { get; init; } = 256 << 20;

    /// <summary>The red, green and blue that show through where an image is transparent; white unless set.</summary>
    public (byte Red, byte Green, byte Blue) Background { get; init; } = (255, 255, 255);
}
