using System.Text;
using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>Recognizes image formats by a file's first bytes, before any decoder sees it.</summary>
/// <remarks>
/// The decoding library supports more formats than are wanted here, one of them (WBMP) with almost no signature, so that text files
/// would pass for images. Only formats recognized here reach it.
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

    /// <summary>Describes a file that cannot be decoded and what to do about it; in general terms if the type is unknown.</summary>
    public static string DescribeOther(ReadOnlySpan<byte> bytes)
    {
        const string convert = "which is not supported; convert it to JPEG or PNG";
        if (bytes.Length >= 12 && bytes[4..8].SequenceEqual("ftyp"u8))
            return Encoding.Latin1.GetString(bytes[8..12]) switch
            {
                "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" or "mif1" or "msf1" => $"a HEIC image, {convert}",
                "avif" or "avis" => $"an AVIF image, {convert}",
                "crx " => $"a camera raw image, {convert}",
                _ => "a video, not an image",
            };
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8) || bytes.StartsWith("II+\0"u8) || bytes.StartsWith("MM\0+"u8))
            return $"a TIFF or a camera raw image, {convert}";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x0A]) || bytes.StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' ']))
            return $"a JPEG XL image, {convert}";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x4F, 0xFF, 0x51]) || bytes.StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 12, (byte)'j', (byte)'P']))
            return $"a JPEG 2000 image, {convert}";
        if (bytes.StartsWith("8BPS"u8))
            return $"a Photoshop image, {convert}";
        if (bytes.StartsWith("%PDF"u8))
            return $"a PDF, {convert}";
        if (bytes.StartsWith("version https://git-lfs"u8))
            return "a Git LFS pointer instead of the image; fetch the image with: git lfs pull";
        string start = Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 256)]).TrimStart();
        if (start.StartsWith("<svg", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase))
            return $"an SVG or other XML, {convert}";
        return start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            ? "a web page, often the error page of a failed download; download the image again"
            : "not a JPEG, PNG, WebP, BMP or GIF image";
    }

    /// <summary>Maximum number of pixels that one byte of a file of this format can encode; 0 if there is no useful bound.</summary>
    /// <remarks>
    /// JPEG: one bit per block of 8×8 pixels (a first progressive scan of one component with one-bit codes). PNG: deflate reaches 1032:1,
    /// with 8 one-bit pixels per byte. GIF: a 12-bit code encodes at most 4096 pixels. BMP: two bytes encode a run of 255.
    /// A file that declares more pixels than that is truncated, which is better detected before allocating.
    /// </remarks>
    public static int MaxPixelsPerByte(SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => 8 * 64,
        SKEncodedImageFormat.Png => 1032 * 8,
        SKEncodedImageFormat.Gif => 4096,
        SKEncodedImageFormat.Bmp => 256,
        SKEncodedImageFormat.Webp or _ => 0,
    };

    /// <summary>Maximum bytes per pixel that the decoder keeps besides its result; for a JPEG, they depend on scans and components.</summary>
    /// <remarks>PNG: all rows of an interlaced image, up to 8 bytes per pixel, otherwise one row. WebP: the YUV planes or 32-bit words, and a frame to blend. GIF: the frame.</remarks>
    public static int KeptBytesPerPixel(SKEncodedImageFormat format, ReadOnlySpan<byte> file) => format switch
    {
        // The last byte of the header: the interlace method.
        SKEncodedImageFormat.Png => file.Length > 28 && file[28] != 0 ? 8 : 0,
        SKEncodedImageFormat.Webp => 8,
        SKEncodedImageFormat.Gif => 4,
        SKEncodedImageFormat.Bmp => 1,
        _ => 0,
    };
}
