namespace AlexNetSharp.Data;

/// <summary>What decoding an image takes, told from its header before anything is decoded.</summary>
/// <param name="Bytes">Memory beside the encoded image, in bytes, at most; 0 where the decoder does not tell.</param>
/// <param name="PixelScans">Pixels × passes over them, which the time is proportional to; 0 where the decoder does not tell.</param>
public readonly record struct DecodingCost(long Bytes, long PixelScans);
