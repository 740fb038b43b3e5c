using System.Globalization;
using AlexNetSharp.Cli.Images;
using AlexNetSharp.Data;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>An image and its nearest neighbors side by side, each with its name and distance, as in figure 4 of the 2012 paper.</summary>
internal static class ContactSheet
{
    private const int Cell = 192, Gap = 16, Caption = 38, Columns = 6, MostImages = 120;

    /// <summary>Draws the sheet as a PNG: the query on the left, the nearest images in rows to its right.</summary>
    /// <exception cref="IOException">An image can no longer be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">The same.</exception>
    public static byte[] ToPng(string query, IReadOnlyList<Neighbor> nearest, IImageDecoder decoder)
    {
        int shown = Math.Min(nearest.Count, MostImages), columns = Math.Clamp(shown, 1, Columns), rows = Math.Max(1, (shown + columns - 1) / columns);
        int width = Gap + (columns + 1) * (Cell + Gap) + Gap, height = Gap + rows * (Cell + Caption + Gap);
        using SKFont text = PlotStyle.Font(PlotStyle.TextSize);
        return PlotStyle.ToPng(width, height, canvas =>
        {
            Draw(canvas, query, "", Gap, Gap, text, decoder);
            using var line = new SKPaint { Color = PlotStyle.Grid, StrokeWidth = 2 };
            float x = Cell + 2.5f * Gap;
            canvas.DrawLine(x, Gap, x, height - Gap, line);
            for (int i = 0; i < shown; i++)
                Draw(
                    canvas, nearest[i].Path, nearest[i].Distance.ToString("0.000", CultureInfo.InvariantCulture),
                    2 * Gap + (i % columns + 1) * (Cell + Gap), Gap + i / columns * (Cell + Caption + Gap), text, decoder);
        });
    }

    private static void Draw(SKCanvas canvas, string path, string remark, float left, float top, SKFont font, IImageDecoder decoder)
    {
        var pixels = new PixelBuffer();
        decoder.DecodeFile(path, pixels);
        using var bitmap = new SKBitmap(new SKImageInfo(pixels.Width, pixels.Height, SKColorType.Rgb888x, SKAlphaType.Opaque));
        Copy(pixels, bitmap);
        float scale = (float)Cell / Math.Max(pixels.Width, pixels.Height);
        (float width, float height) = (Math.Max(1, pixels.Width * scale), Math.Max(1, pixels.Height * scale));
        float x = left + (Cell - width) / 2, y = top + (Cell - height) / 2;
        using SKImage image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(image, new SKRect(x, y, x + width, y + height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        canvas.DrawText(Shortened(Path.GetFileName(path), font), left + Cell / 2f, top + Cell + 15, SKTextAlign.Center, font);
        canvas.DrawText(remark, left + Cell / 2f, top + Cell + 31, SKTextAlign.Center, font);
    }

    private static unsafe void Copy(PixelBuffer pixels, SKBitmap bitmap)
    {
        var target = new Span<byte>((void*)bitmap.GetPixels(), bitmap.ByteCount);
        ReadOnlySpan<byte> source = pixels.Pixels;
        for (int i = 0; i < pixels.Width * pixels.Height; i++)
        {
            source.Slice(3 * i, 3).CopyTo(target[(4 * i)..]);
            target[4 * i + 3] = 255;
        }
    }

    private static string Shortened(string name, SKFont font)
    {
        int kept = name.Length;
        while (kept > 1 && font.MeasureText(kept < name.Length ? name[..kept] + "…" : name) > Cell)
            kept--;
        return kept < name.Length ? name[..kept] + "…" : name;
    }
}
