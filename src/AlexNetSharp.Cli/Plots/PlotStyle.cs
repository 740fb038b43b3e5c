using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>Font, colors and encoding that all images share.</summary>
/// <remarks>The font comes with the program: on a machine without any, text would vanish without an error.</remarks>
internal static class PlotStyle
{
    private static readonly Lazy<SKTypeface> s_typeface = new(() =>
    {
        using Stream font = typeof(PlotStyle).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(font);
    });

    /// <summary>Size of a title and of all other text.</summary>
    public const float TitleSize = 17, TextSize = 13;

    public static SKColor Text { get; } = new(0x33, 0x33, 0x33);

    public static SKColor Grid { get; } = new(0xE4, 0xE4, 0xE4);

    /// <summary>Colors of curves, distinguishable by everybody (Okabe and Ito 2008).</summary>
    public static IReadOnlyList<SKColor> Curves { get; } = [new(0x00, 0x72, 0xB2), new(0xD5, 0x5E, 0x00), new(0x00, 0x9E, 0x73), new(0xCC, 0x79, 0xA7), new(0x66, 0x66, 0x66)];

    /// <summary>The font in a size.</summary>
    public static SKFont Font(float size) => new(s_typeface.Value, size);

    /// <summary>Draws an image on white and encodes it as PNG.</summary>
    /// <param name="width">Width that <paramref name="draw"/> sees.</param>
    /// <param name="height">Its height.</param>
    /// <param name="draw">Draws it.</param>
    /// <param name="scale">Pixels of the file for one of the drawing: 2 makes text and lines sharp on screens with small pixels.</param>
    public static byte[] ToPng(int width, int height, Action<SKCanvas> draw, int scale = 1)
    {
        using var bitmap = new SKBitmap(scale * width, scale * height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            canvas.Scale(scale);
            draw(canvas);
        }
        // One filter instead of the best for each row: a third of the time for the same size, and a training draws its curves after each epoch.
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData data = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Up, 6))
            ?? throw new InvalidOperationException(FormattableString.Invariant($"an image of {bitmap.Width}×{bitmap.Height} pixels cannot be encoded"));
        return data.ToArray();
    }

    /// <summary>Writes text.</summary>
    public static void DrawText(this SKCanvas canvas, string text, float x, float y, SKTextAlign align, SKFont font, SKColor? color = null)
    {
        using var paint = new SKPaint { Color = color ?? Text, IsAntialias = true };
        canvas.DrawText(text, x, y, align, font, paint);
    }
}
