using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>What a file's first bytes say it is, before any decoder sees it.</summary>
/// <remarks>
/// The decoding library knows more formats than are wanted here, one of them (WBMP) almost without a signature, so that text files
/// would pass for images. Only what is recognized here reaches it.
/// </remarks>
internal static class ImageFormat
{
    /// <summary>Recognizes JPEG, PNG, WebP, BMP and GIF by their signatures.</summary>
    /// <returns>The format, or null for anything else.</returns>
    public static SKEncodedImageFormat? Recognize(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return SKEncodedImageFormat.Jpeg;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]))
            return SKEncodedImageFormat.Png;
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8))
            return SKEncodedImageFormat.Gif;
        if (bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..12].SequenceEqual("WEBP"u8))
            return SKEncodedImageFormat.Webp;
        if (bytes.StartsWith("BM"u8))
            return SKEncodedImageFormat.Bmp;
        return null;
    }

    /// <summary>The most pixels that a byte of a file of this format can stand for; 0 where there is no useful bound.</summary>
    /// <remarks>
    /// JPEG: one bit a block of 8×8 pixels (a first progressive scan of one component with one-bit codes). PNG: deflate reaches 1032:1,
    /// with 8 one-bit pixels a byte. A file that claims more pixels than that is cut short, which is better known before allocating.
    /// </remarks>
    public static int MaxPixelsPerByte(SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => 8 * 64,
        SKEncodedImageFormat.Png => 1032 * 8,
        SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Gif or SKEncodedImageFormat.Webp or _ => 0,
    };
}
