using System.Globalization;
using AlexNetSharp.Cli.Plots;
using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>Drawing primitives of the diagrams: grids of numbers, frames and text.</summary>
internal static class Canvas
{
    public static readonly SKColor Blue = new(0x00, 0x72, 0xB2), Orange = new(0xD5, 0x5E, 0x00), Green = new(0x00, 0x9E, 0x73), Paper = new(0xF5, 0xF5, 0xF5);

    /// <summary>Draws an image at twice the resolution, for high-DPI screens.</summary>
    public static byte[] Png(int width, int height, Action<SKCanvas> draw) => PlotStyle.ToPng(width, height, draw, scale: 2);

    /// <summary>Draws a grid of numbers, row by row.</summary>
    /// <param name="canvas">Where to draw.</param>
    /// <param name="x">Left edge.</param>
    /// <param name="y">Upper edge.</param>
    /// <param name="cell">Side of a cell.</param>
    /// <param name="values">The numbers; null leaves the cell empty.</param>
    /// <param name="color">Returns the background of a cell by row and column.</param>
    public static void Grid(this SKCanvas canvas, float x, float y, float cell, double?[][] values, Func<int, int, SKColor> color)
    {
        using SKFont font = PlotStyle.Font(cell * 0.42f);
        using var line = new SKPaint { Color = PlotStyle.Text, Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        for (int r = 0; r < values.Length; r++)
            for (int c = 0; c < values[r].Length; c++)
            {
                SKRect box = SKRect.Create(x + c * cell, y + r * cell, cell, cell);
                using var fill = new SKPaint { Color = color(r, c) };
                canvas.DrawRect(box, fill);
                canvas.DrawRect(box, line);
                if (values[r][c] is { } value)
                    canvas.DrawText(value.ToString("0.##", CultureInfo.InvariantCulture).Replace('-', '−'), box.MidX, box.MidY + cell * 0.15f, SKTextAlign.Center, font);
            }
    }

    /// <summary>Draws a thick frame around cells of a grid.</summary>
    public static void Frame(this SKCanvas canvas, float x, float y, float width, float height, SKColor color)
    {
        using var paint = new SKPaint { Color = color, Style = SKPaintStyle.Stroke, StrokeWidth = 3, IsAntialias = true };
        canvas.DrawRect(x, y, width, height, paint);
    }

    /// <summary>Draws a horizontal bar with round ends that marks the position of a kernel.</summary>
    public static void Bar(this SKCanvas canvas, float x, float y, float width, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawRoundRect(x, y, width, 12, 6, 6, paint);
    }

    /// <summary>Draws text.</summary>
    public static void Words(this SKCanvas canvas, string text, float x, float y, float size = 14, SKTextAlign align = SKTextAlign.Left, SKColor? color = null)
    {
        using SKFont font = PlotStyle.Font(size);
        canvas.DrawText(text, x, y, align, font, color);
    }
}
