using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>Converts decoded four-byte pixels to upright, opaque three-byte pixels.</summary>
internal static class PixelPacking
{
    /// <summary>Whether an image stored with this orientation has to be transposed, which swaps width and height.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    /// <summary>Copies red, green and blue, dropping the fourth byte.</summary>
    /// <param name="rgba">Four-byte pixels.</param>
    /// <param name="rgb">Receives three-byte pixels, as many as <paramref name="rgba"/> has.</param>
    public static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        int pixels = rgba.Length / 4, i = 0;
        ref byte source = ref MemoryMarshal.GetReference(rgba);
        ref byte target = ref MemoryMarshal.GetReference(rgb);
        Vector128<byte> pick = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
        // Four pixels at a time; each store writes four bytes too many, which the next one overwrites; the last one stays in bounds.
        for (; i + 6 <= pixels; i += 4)
            Vector128.Shuffle(Vector128.LoadUnsafe(ref source, (nuint)(4 * i)), pick).StoreUnsafe(ref target, (nuint)(3 * i));
        for (; i < pixels; i++)
        {
            rgb[3 * i] = rgba[4 * i];
            rgb[3 * i + 1] = rgba[4 * i + 1];
            rgb[3 * i + 2] = rgba[4 * i + 2];
        }
    }

    /// <summary>Composites pixels with straight alpha over a background, in place: value = (alpha·value + (255 − alpha)·background) / 255, rounded.</summary>
    /// <param name="rgba">Four-byte pixels; the fourth byte is left unchanged.</param>
    /// <param name="background">Background color.</param>
    public static void Compose(Span<byte> rgba, (byte Red, byte Green, byte Blue) background)
    {
        for (int i = 0; i + 3 < rgba.Length; i += 4)
        {
            int alpha = rgba[i + 3];
            if (alpha == 255)
                continue;
            rgba[i] = Mix(rgba[i], background.Red, alpha);
            rgba[i + 1] = Mix(rgba[i + 1], background.Green, alpha);
            rgba[i + 2] = Mix(rgba[i + 2], background.Blue, alpha);
        }
    }

    /// <summary>Writes a mirrored or rotated image upright.</summary>
    /// <param name="rgba">Four-byte pixels as stored, <paramref name="height"/> rows of <paramref name="width"/>.</param>
    /// <param name="width">Pixels in a stored row.</param>
    /// <param name="height">Stored rows.</param>
    /// <param name="origin">Where the stored first row and first column belong (EXIF tag 274, values 1 to 8).</param>
    /// <param name="rgb">Receives upright three-byte pixels.</param>
    public static void Turn(ReadOnlySpan<byte> rgba, int width, int height, SKEncodedOrigin origin, Span<byte> rgb)
    {
        // The upright index of stored pixel (0, 0), and the strides there of one step right and one step down in the stored image.
        int last = width * height - 1;
        (int start, int right, int down) = origin switch
        {
            SKEncodedOrigin.TopRight => (width - 1, -1, width),             // mirrored
            SKEncodedOrigin.BottomRight => (last, -1, -width),              // rotated by 180°
            SKEncodedOrigin.BottomLeft => (last - width + 1, 1, -width),    // upside down, mirrored
            SKEncodedOrigin.LeftTop => (0, height, 1),                      // transposed
            SKEncodedOrigin.RightTop => (height - 1, height, -1),           // rotate clockwise
            SKEncodedOrigin.RightBottom => (last, -height, -1),             // transposed along the other diagonal
            SKEncodedOrigin.LeftBottom => (last - height + 1, -height, 1),  // rotate counterclockwise
            _ => (0, 1, width),
        };
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = rgba.Slice(4 * y * width, 4 * width);
            int place = start + y * down;
            for (int x = 0; x < width; x++, place += right)
            {
                rgb[3 * place] = row[4 * x];
                rgb[3 * place + 1] = row[4 * x + 1];
                rgb[3 * place + 2] = row[4 * x + 2];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Mix(int value, int background, int alpha) => (byte)((alpha * value + (255 - alpha) * background + 127) / 255);
}
