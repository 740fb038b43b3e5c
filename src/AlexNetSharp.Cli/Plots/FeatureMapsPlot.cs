using AlexNetSharp.Cli.Models;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>Feature maps in a grid next to their image.</summary>
/// <remarks>
/// All maps share one scale, so a bright map is a strong one. Values of one sign range from black through red and yellow to white; values
/// of both signs from blue (negative) through white (0) to red. The largest half percent is clipped, because outliers would darken the rest.
/// </remarks>
internal static class FeatureMapsPlot
{
    private const int GridWidth = 1240, ImageSide = 300, Margin = 20, Gap = 2, TitleHeight = 44;
    private const double Share = 0.995;

    private static readonly SKColor[] s_heat = [new(0, 0, 0), new(60, 9, 100), new(150, 25, 90), new(225, 75, 45), new(250, 160, 30), new(252, 255, 200)];
    private static readonly SKColor[] s_signed = [new(5, 48, 130), new(67, 147, 215), new(247, 247, 247), new(225, 100, 75), new(130, 0, 30)];

    /// <summary>Draws the maps as a PNG.</summary>
    public static byte[] ToPng(FeatureMaps maps)
    {
        (int height, int width, int channels) = (maps.Shape.Height, maps.Shape.Width, maps.Shape.Channels);
        int columns = Columns(channels), rows = (channels + columns - 1) / columns;
        int zoom = Math.Clamp(GridWidth / columns / Math.Max(height, width), 1, 16);
        (int cellWidth, int cellHeight) = (width * zoom + Gap, height * zoom + Gap);
        int left = Margin + ImageSide + Margin, gridHeight = rows * cellHeight;
        using SKBitmap grid = Grid(maps, columns, rows);
        using SKBitmap image = Image(maps);
        using SKFont title = PlotStyle.Font(PlotStyle.TitleSize), text = PlotStyle.Font(PlotStyle.TextSize);
        return PlotStyle.ToPng(
            left + columns * cellWidth + Margin, TitleHeight + Math.Max(gridHeight, ImageSide + 44) + Margin, canvas =>
            {
                canvas.DrawText(maps.Describe(), Margin, 28, SKTextAlign.Left, title);
                Draw(canvas, image, SKRect.Create(Margin, TitleHeight, ImageSide, ImageSide), smooth: true);
                canvas.DrawText("what the network sees", Margin, TitleHeight + ImageSide + 20, SKTextAlign.Left, text);
                for (int c = 0; c < channels; c++)
                {
                    var cell = SKRect.Create(left + c % columns * cellWidth, TitleHeight + c / columns * cellHeight, width * zoom, height * zoom);
                    Draw(canvas, grid, cell, smooth: false, SKRect.Create(c % columns * width, c / columns * height, width, height));
                }
            });
    }

    /// <summary>Returns the number of columns of a full grid that is slightly wider than high, if the number has such a divisor.</summary>
    private static int Columns(int channels)
    {
        int square = (int)Math.Ceiling(Math.Sqrt(channels));
        for (int columns = square; columns <= 2 * square; columns++)
            if (channels % columns == 0)
                return columns;
        return square;
    }

    /// <summary>Draws all maps without gaps, one pixel per value.</summary>
    private static SKBitmap Grid(FeatureMaps maps, int columns, int rows)
    {
        (int height, int width, int channels) = (maps.Shape.Height, maps.Shape.Width, maps.Shape.Channels);
        float[] sizes = [.. maps.Values.Select(Math.Abs).Order()];
        float largest = sizes[(int)(Share * (sizes.Length - 1))] is > 0 and var usual ? usual : sizes[^1];
        bool signed = maps.Values.Any(value => value < 0);
        var bitmap = new SKBitmap(columns * width, rows * height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < channels; c++)
                {
                    float value = largest > 0 ? maps.Values[(y * width + x) * channels + c] / largest : 0;
                    bitmap.SetPixel(c % columns * width + x, c / columns * height + y, signed ? Mix(s_signed, (value + 1) / 2) : Mix(s_heat, value));
                }
        return bitmap;
    }

    private static SKBitmap Image(FeatureMaps maps)
    {
        (int height, int width, int channels) = (maps.Network.InputShape.Height, maps.Network.InputShape.Width, maps.Network.InputShape.Channels);
        var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < height * width; i++)
        {
            byte Value(int channel) => (byte)Math.Clamp(MathF.Round(maps.Pixels[i * channels + Math.Min(channel, channels - 1)]), 0, 255);
            (int red, int blue) = maps.IsBgr ? (2, 0) : (0, 2);
            bitmap.SetPixel(i % width, i / width, new SKColor(Value(red), Value(1), Value(blue)));
        }
        return bitmap;
    }

    private static void Draw(SKCanvas canvas, SKBitmap bitmap, SKRect to, bool smooth, SKRect? from = null)
    {
        using SKImage image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(
            image, from ?? SKRect.Create(0, 0, bitmap.Width, bitmap.Height), to,
            smooth ? new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear) : new SKSamplingOptions(SKFilterMode.Nearest));
    }

    /// <summary>Returns the color at a position from 0 to 1 on a scale.</summary>
    private static SKColor Mix(SKColor[] scale, float place)
    {
        float at = (float.IsNaN(place) ? 0 : Math.Clamp(place, 0, 1)) * (scale.Length - 1);
        int lower = Math.Min((int)at, scale.Length - 2);
        float share = at - lower;
        byte Between(byte a, byte b) => (byte)(a + (b - a) * share + 0.5f);
        (SKColor from, SKColor to) = (scale[lower], scale[lower + 1]);
        return new SKColor(Between(from.Red, to.Red), Between(from.Green, to.Green), Between(from.Blue, to.Blue));
    }
}
