using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>Font, colors and encoding shared by all plots.</summary>
/// <remarks>The font ships with the program: on a machine without fonts, text would silently disappear.</remarks>
internal static class PlotStyle
{
    private static readonly Lazy<SKTypeface> s_typeface = new(() =>
    {
        using Stream font = typeof(PlotStyle).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(font);
    });

    /// <summary>Font sizes of titles and of all other text.</summary>
    public const float TitleSize = 17, TextSize = 13;

    public static SKColor Text { get; } = new(0x33, 0x33, 0x33);

    public static SKColor Grid { get; } = new(0xE4, 0xE4, 0xE4);

    /// <summary>Colors of curves, distinguishable also with color blindness (Okabe and Ito 2008).</summary>
    public static IReadOnlyList<SKColor> Curves { get; } = [new(0x00, 0x72, 0xB2), new(0xD5, 0x5E, 0x00), new(0x00, 0x9E, 0x73), new(0xCC, 0x79, 0xA7), new(0x66, 0x66, 0x66)];

    /// <summary>Returns the font in a given size.</summary>
    public static SKFont Font(float size) => new(s_typeface.Value, size);

    /// <summary>Draws an image on a white background and encodes it as a PNG.</summary>
    /// <param name="width">Width, in the units of <paramref name="draw"/>.</param>
    /// <param name="height">Height, in the units of <paramref name="draw"/>.</param>
    /// <param name="draw">Draws the image.</param>
    /// <param name="scale">Pixels per unit: 2 makes text and lines sharp on high-DPI screens.</param>
    public static byte[] ToPng(int width, int height, Action<SKCanvas> draw, int scale = 1)
    {
        using var bitmap = new SKBitmap(scale * width, scale * height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            canvas.Scale(scale);
            draw(canvas);
        }
        // A fixed filter takes a third of the time of the best one per row, at the same size; training draws its curves after each epoch.
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData data = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, 6))
            ?? throw new InvalidOperationException(FormattableString.Invariant($"an image of {bitmap.Width}×{bitmap.Height} pixels cannot be encoded"));
        return data.ToArray();
    }

    /// <summary>Draws text.</summary>
    public static void DrawText(this SKCanvas canvas, string text, float x, float y, SKTextAlign align, SKFont font, SKColor? color = null)
    {
        using var paint = new SKPaint { Color = color ?? Text, IsAntialias = true };
        canvas.DrawText(text, x, y, align, font, paint);
    }
}
