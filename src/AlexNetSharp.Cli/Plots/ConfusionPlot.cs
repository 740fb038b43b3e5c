using System.Globalization;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>The confusion matrix as an image: one row per actual class and one column per predicted class, darker for a larger share of the row.</summary>
internal static class ConfusionPlot
{
    private const int LargestSide = 1600;

    /// <summary>Draws the matrix as a PNG. Numbers and names are omitted if they would be illegible.</summary>
    public static byte[] ToPng(ConfusionMatrix confusion)
    {
        int classes = confusion.Classes.Count;
        int cell = Math.Clamp(LargestSide / classes, 1, 52);
        bool readable = cell >= 24;
        using SKFont text = PlotStyle.Font(PlotStyle.TextSize), small = PlotStyle.Font(Math.Clamp(cell / 4f, 8, 14)), title = PlotStyle.Font(PlotStyle.TitleSize);
        float names = readable ? confusion.Classes.Max(name => text.MeasureText(name)) + 16 : 16;
        int left = (int)names + 24, top = (int)names + 56;
        return PlotStyle.ToPng(left + classes * cell + 24, top + classes * cell + 24, canvas =>
        {
            canvas.DrawText("Rows: actual class, columns: predicted class", 16, 28, SKTextAlign.Left, title);
            for (int actual = 0; actual < classes; actual++)
            {
                double total = Math.Max(1, confusion.Actual(actual));
                for (int predicted = 0; predicted < classes; predicted++)
                    DrawCell(
                        canvas, new SKRect(left + predicted * cell, top + actual * cell, left + (predicted + 1) * cell, top + (actual + 1) * cell),
                        confusion[actual, predicted], confusion[actual, predicted] / total, readable ? small : null);
                if (!readable)
                    continue;
                canvas.DrawText(confusion.Classes[actual], left - 8, top + (actual + 0.5f) * cell + 5, SKTextAlign.Right, text);
                canvas.Save();
                canvas.RotateDegrees(-90, left + (actual + 0.5f) * cell + 5, top - 8);
                canvas.DrawText(confusion.Classes[actual], left + (actual + 0.5f) * cell + 5, top - 8, SKTextAlign.Left, text);
                canvas.Restore();
            }
        }, scale: readable ? 2 : 1);
    }

    private static void DrawCell(SKCanvas canvas, SKRect area, long count, double share, SKFont? font)
    {
        // From white to blue; the square root makes rare mistakes visible.
        double strength = Math.Sqrt(share);
        SKColor blue = PlotStyle.Curves[0];
        byte Mix(byte component) => (byte)(255 + (component - 255) * strength);
        using var paint = new SKPaint { Color = new SKColor(Mix(blue.Red), Mix(blue.Green), Mix(blue.Blue)) };
        canvas.DrawRect(area, paint);
        if (font is not null && count > 0)
            canvas.DrawText(
                count.ToString(CultureInfo.InvariantCulture), area.MidX, area.MidY + font.Size / 3, SKTextAlign.Center, font,
                strength > 0.6 ? SKColors.White : PlotStyle.Text);
    }
}
