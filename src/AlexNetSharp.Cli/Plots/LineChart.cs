using System.Globalization;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>A curve: its name and points; points that are not numbers are left out.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Curves over a horizontal axis, with a grid, numbers at the axes and a legend.</summary>
/// <param name="Title">Above the chart.</param>
/// <param name="XTitle">Below the horizontal axis.</param>
/// <param name="Curves">What to draw.</param>
internal sealed record LineChart(string Title, string XTitle, IReadOnlyList<Curve> Curves)
{
    private const float Left = 70, Top = 44, Right = 20, Bottom = 52;

    /// <summary>Draws the chart into a rectangle.</summary>
    public void Draw(SKCanvas canvas, SKRect area)
    {
        var plot = new SKRect(area.Left + Left, area.Top + Top, area.Right - Right, area.Bottom - Bottom);
        (double X, double Y)[] points = [.. Curves.SelectMany(curve => curve.Points).Where(IsNumber)];
        Axis x = Axis.Of(points.Select(p => p.X)), y = Axis.Of(points.Select(p => p.Y));
        float XOf(double value) => plot.Left + (float)((value - x.From) / (x.To - x.From)) * plot.Width;
        float YOf(double value) => plot.Bottom - (float)((value - y.From) / (y.To - y.From)) * plot.Height;

        using SKFont title = PlotStyle.Font(17), text = PlotStyle.Font(13);
        using var grid = new SKPaint { Color = PlotStyle.Grid, StrokeWidth = 1 };
        canvas.DrawText(Title, plot.MidX, area.Top + 26, SKTextAlign.Center, title);
        canvas.DrawText(XTitle, plot.MidX, area.Bottom - 12, SKTextAlign.Center, text);
        foreach (double tick in x.Ticks)
        {
            canvas.DrawLine(XOf(tick), plot.Top, XOf(tick), plot.Bottom, grid);
            canvas.DrawText(x.Text(tick), XOf(tick), plot.Bottom + 18, SKTextAlign.Center, text);
        }
        foreach (double tick in y.Ticks)
        {
            canvas.DrawLine(plot.Left, YOf(tick), plot.Right, YOf(tick), grid);
            canvas.DrawText(y.Text(tick), plot.Left - 8, YOf(tick) + 5, SKTextAlign.Right, text);
        }
        SKPoint[][] curves = [.. Curves.Select(curve => curve.Points.Where(IsNumber).Select(p => new SKPoint(XOf(p.X), YOf(p.Y))).ToArray())];
        for (int i = 0; i < curves.Length; i++)
            DrawCurve(canvas, curves[i], PlotStyle.Curves[i % PlotStyle.Curves.Count]);
        DrawLegend(canvas, plot, text, curves);
    }

    private static void DrawCurve(SKCanvas canvas, SKPoint[] points, SKColor color)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = 2, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeJoin = SKStrokeJoin.Round };
        for (int i = 1; i < points.Length; i++)
            canvas.DrawLine(points[i - 1], points[i], paint);
        // A single epoch has no line.
        paint.Style = SKPaintStyle.Fill;
        if (points.Length < 40)
            foreach (SKPoint point in points)
                canvas.DrawCircle(point, 3, paint);
    }

    /// <summary>Draws the names of the curves into the corner where the fewest points lie.</summary>
    private void DrawLegend(SKCanvas canvas, SKRect plot, SKFont font, SKPoint[][] curves)
    {
        const float margin = 8;
        float width = Curves.Max(curve => font.MeasureText(curve.Name)) + 44, height = 20 * Curves.Count + 8;
        float left = plot.Left + margin, right = plot.Right - width - margin, top = plot.Top + margin, bottom = plot.Bottom - height - margin;
        SKPoint[] corners = [new(right, top), new(left, top), new(right, bottom), new(left, bottom)];
        SKRect box = corners.Select(corner => SKRect.Create(corner.X, corner.Y, width, height)).MinBy(corner => curves.Sum(points => points.Count(corner.Contains)));
        using var background = new SKPaint { Color = SKColors.White.WithAlpha(220) };
        canvas.DrawRect(box, background);
        for (int i = 0; i < Curves.Count; i++)
        {
            float middle = box.Top + 14 + 20 * i;
            using var line = new SKPaint { Color = PlotStyle.Curves[i % PlotStyle.Curves.Count], StrokeWidth = 3, IsAntialias = true };
            canvas.DrawLine(box.Left + 8, middle, box.Left + 30, middle, line);
            canvas.DrawText(Curves[i].Name, box.Left + 36, middle + 5, SKTextAlign.Left, font);
        }
    }

    private static bool IsNumber((double X, double Y) point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    /// <summary>Limits of an axis and the numbers at it: multiples of 1, 2 or 5 times a power of ten.</summary>
    private sealed record Axis(double From, double To, double Step)
    {
        public static Axis Of(IEnumerable<double> values)
        {
            double[] all = [.. values.DefaultIfEmpty(0)];
            (double from, double to) = (all.Min(), all.Max());
            if (to - from < 1e-9)
                (from, to) = (from - 0.5, to + 0.5);
            double raw = (to - from) / 6, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            double step = power * (raw / power is var digit && digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
            return new Axis(Math.Floor(from / step) * step, Math.Ceiling(to / step) * step, step);
        }

        public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round((To - From) / Step) + 1).Select(i => From + i * Step);

        public string Text(double tick)
        {
            int digits = Math.Max(0, (int)-Math.Floor(Math.Log10(Step) + 1e-9));
            return Math.Round(tick, digits).ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        }
    }
}
