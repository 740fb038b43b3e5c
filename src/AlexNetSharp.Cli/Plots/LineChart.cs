using System.Globalization;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>A curve: its name and points; NaN points are skipped.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Range around each point, such as that over several runs; empty for none.</summary>
    public IReadOnlyList<(double X, double Low, double High)> Band { get; init; } = [];
}

/// <summary>Type of a horizontal axis.</summary>
internal enum XAxis
{
    /// <summary>Any numbers.</summary>
    Linear,

    /// <summary>Integers, such as epochs; there are no ticks in between.</summary>
    Whole,

    /// <summary>Logarithmic, such as batch sizes: each doubling has the same width, and every value has a tick.</summary>
    Doubling,
}

/// <summary>A line chart with a grid, axis labels and a legend.</summary>
/// <param name="Title">Title above the chart.</param>
/// <param name="XTitle">Title below the horizontal axis.</param>
/// <param name="Curves">Curves to draw.</param>
/// <param name="XAxis">Type of the horizontal axis.</param>
internal sealed record LineChart(string Title, string XTitle, IReadOnlyList<Curve> Curves, XAxis XAxis = XAxis.Linear)
{
    private const float Left = 64, Top = 48, Right = 24, Bottom = 56;

    /// <summary>Draws the chart into a rectangle.</summary>
    public void Draw(SKCanvas canvas, SKRect area)
    {
        var plot = new SKRect(area.Left + Left, area.Top + Top, area.Right - Right, area.Bottom - Bottom);
        (double X, double Y)[] points = [.. Curves.SelectMany(curve => curve.Points).Where(IsNumber)];
        Axis x = Axis.Horizontal(points.Select(p => p.X), XAxis), y = Axis.Vertical(points.Select(p => p.Y).Concat(Curves.SelectMany(curve => curve.Band).SelectMany(b => (double[])[b.Low, b.High])));
        float XOf(double value) => plot.Left + (float)x.Place(value) * plot.Width;
        float YOf(double value) => plot.Bottom - (float)y.Place(value) * plot.Height;

        using SKFont title = PlotStyle.Font(PlotStyle.TitleSize), text = PlotStyle.Font(PlotStyle.TextSize);
        using var grid = new SKPaint { Color = PlotStyle.Grid, StrokeWidth = 1 };
        canvas.DrawText(Title, plot.MidX, area.Top + 28, SKTextAlign.Center, title);
        canvas.DrawText(XTitle, plot.MidX, area.Bottom - 14, SKTextAlign.Center, text);
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
        {
            IReadOnlyList<(double X, double Low, double High)> band = Curves[i].Band;
            DrawBand(
                canvas, [.. band.Select(b => new SKPoint(XOf(b.X), YOf(b.High))), .. band.Reverse().Select(b => new SKPoint(XOf(b.X), YOf(b.Low)))],
                PlotStyle.Curves[i % PlotStyle.Curves.Count]);
        }
        for (int i = 0; i < curves.Length; i++)
            DrawCurve(canvas, curves[i], PlotStyle.Curves[i % PlotStyle.Curves.Count]);
        DrawLegend(canvas, plot, text, curves);
    }

    private static void DrawBand(SKCanvas canvas, SKPoint[] corners, SKColor color)
    {
        if (corners.Length == 0)
            return;
        using var path = new SKPath();
        path.AddPoly(corners);
        using var fill = new SKPaint { Color = color.WithAlpha(0x28), IsAntialias = true };
        canvas.DrawPath(path, fill);
    }

    private static void DrawCurve(SKCanvas canvas, SKPoint[] points, SKColor color)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = 2, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeJoin = SKStrokeJoin.Round };
        using var path = new SKPath();
        path.AddPoly(points, close: false);
        canvas.DrawPath(path, paint);
        // A single epoch has no line, only a point.
        paint.Style = SKPaintStyle.Fill;
        if (points.Length < 40)
            foreach (SKPoint point in points)
                canvas.DrawCircle(point, 3, paint);
    }

    /// <summary>Draws the legend in the corner that overlaps the curves least.</summary>
    private void DrawLegend(SKCanvas canvas, SKRect plot, SKFont font, SKPoint[][] curves)
    {
        if (Curves.Count < 2)
            return;
        const float margin = 8;
        float width = Curves.Max(curve => font.MeasureText(curve.Name)) + 44, height = 20 * Curves.Count + 8;
        float left = plot.Left + margin, right = plot.Right - width - margin, top = plot.Top + margin, bottom = plot.Bottom - height - margin;
        SKPoint[] corners = [new(right, top), new(left, top), new(right, bottom), new(left, bottom)];
        SKRect box = corners.Select(corner => SKRect.Create(corner.X, corner.Y, width, height)).MinBy(corner => curves.Sum(points => Covered(points, corner)));
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

    /// <summary>How much of a curve a box covers, in hundredths of its segments; touching counts as well.</summary>
    private static int Covered(SKPoint[] points, SKRect box)
    {
        box.Inflate(8, 8);
        return points.Count(box.Contains)
            + points.Zip(points.Skip(1)).Sum(piece => Enumerable.Range(1, 99).Count(i => box.Contains(piece.First + new SKPoint(
                (piece.Second.X - piece.First.X) * i / 100f, (piece.Second.Y - piece.First.Y) * i / 100f))));
    }

    private static bool IsNumber((double X, double Y) point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    /// <summary>Limits and ticks of an axis: multiples of 1, 2 or 5 times a power of ten, or given values.</summary>
    internal sealed record Axis(double From, double To, double Step, IReadOnlyList<double> Ticks, bool Doubling = false)
    {
        /// <summary>Creates an axis from tick to tick that contains all values.</summary>
        public static Axis Vertical(IEnumerable<double> values)
        {
            (double from, double to, double step) = Range(values, smallestStep: 0);
            (from, to) = (Math.Floor(from / step + 1e-9) * step, Math.Ceiling(to / step - 1e-9) * step);
            return new Axis(from, to, step, TicksOf(from, to, step));
        }

        /// <summary>Creates an axis slightly wider than the range of the values.</summary>
        public static Axis Horizontal(IEnumerable<double> values, XAxis kind)
        {
            double[] all = [.. values];
            if (kind == XAxis.Doubling && all.Length > 0)
                return new Axis(all.Min() / 1.15, all.Max() * 1.15, 1, [.. all.Distinct().Order()], Doubling: true);
            (double from, double to, double step) = Range(all, smallestStep: kind == XAxis.Whole ? 1 : 0);
            double margin = 0.02 * (to - from);
            return new Axis(from - margin, to + margin, step, TicksOf(from, to, step));
        }

        /// <summary>Returns the position of a value, 0 at the start of the axis and 1 at its end.</summary>
        public double Place(double value) => Doubling
            ? Math.Log(value / From) / Math.Log(To / From)
            : (value - From) / (To - From);

        public string Text(double tick)
        {
            int digits = Math.Max(0, (int)-Math.Floor(Math.Log10(Step) + 1e-9));
            return Math.Round(tick, digits).ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Replace('-', '−');
        }

        private static (double From, double To, double Step) Range(IEnumerable<double> values, double smallestStep)
        {
            double[] all = [.. values.DefaultIfEmpty(0)];
            (double from, double to) = (all.Min(), all.Max());
            if (to - from < 1e-9)
                (from, to) = (from - 0.5, to + 0.5);
            double raw = (to - from) / 6, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            double step = power * (raw / power is var digit && digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
            return (from, to, Math.Max(step, smallestStep));
        }

        private static double[] TicksOf(double from, double to, double step)
        {
            double first = Math.Ceiling(from / step - 1e-9), last = Math.Floor(to / step + 1e-9);
            return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        }
    }
}
