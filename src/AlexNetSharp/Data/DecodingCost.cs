namespace AlexNetSharp.Data;

/// <summary>The cost of decoding an image, known from its header before anything is decoded.</summary>
/// <param name="bytes">Upper bound on the memory besides the encoded image, in bytes; 0 if unknown.</param>
/// <param name="pixelScans">Pixels times passes over them, which the time is proportional to; 0 if unknown.</param>
public readonly struct DecodingCost(long bytes, long pixelScans)
{
    /// <summary>Upper bound on the memory besides the encoded image, in bytes; 0 if unknown.</summary>
    internal long Bytes { get; } = bytes;

    /// <summary>Pixels times passes over them, which the time is proportional to; 0 if unknown.</summary>
    internal long PixelScans { get; } = pixelScans;
}
