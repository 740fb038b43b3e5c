using AlexNetSharp.Cli.Plots;
using SkiaSharp;

namespace AlexNetSharp.Rivals;

/// <summary>The comparison as a bar chart of speedups, one bar per row, readable at README width.</summary>
internal static class Chart
{
    private const int Width = 900, BarHeight = 20, Gap = 2, GroupGap = 10, Top = 84, Bottom = 36;

    public static void Write(Results results, string path)
    {
        ResultRow[] rows = [.. results.Rows.Where(r => r.Unit == "ms" && r.Ratio is not null && !r.RivalName.StartsWith("AlexNetSharp", StringComparison.Ordinal))];
        if (rows.Length == 0)
            return;
        using SKFont title = PlotStyle.Font(PlotStyle.TitleSize), text = PlotStyle.Font(PlotStyle.TextSize);
        float left = rows.Max(row => text.MeasureText(row.What)) + 28, right = Width - 200, y = Top;
        // Bars of one measurement against several rivals are grouped.
        float[] tops = [.. rows.Select((row, i) => y += i == 0 ? GroupGap : BarHeight + (rows[i - 1].What == row.What ? Gap : GroupGap))];
        float bottom = y + BarHeight + GroupGap;
        double largest = rows.Max(row => row.Ratio!.Value);
        float XOf(double ratio) => left + (float)(ratio / largest) * (right - left);
        byte[] png = PlotStyle.ToPng(Width, (int)bottom + Bottom, canvas =>
        {
            using var line = new SKPaint { Color = PlotStyle.Text, StrokeWidth = 1 };
            canvas.DrawText(FormattableString.Invariant($"How many times faster AlexNetSharp is, on {results.Processor}, {results.Threads} threads"), 16, 28, SKTextAlign.Left, title);
            float x = 16;
            foreach (string rival in rows.Select(Program).Distinct())
            {
                using var paint = new SKPaint { Color = Color(rival) };
                canvas.DrawRect(x, 48, 14, 14, paint);
                canvas.DrawText($"than {rival}", x + 20, 60, SKTextAlign.Left, text);
                x += text.MeasureText($"than {rival}") + 44;
            }
            for (int i = 0; i < rows.Length; i++)
            {
                ResultRow row = rows[i];
                float baseline = tops[i] + BarHeight / 2f + 5;
                using var paint = new SKPaint { Color = Color(Program(row)) };
                canvas.DrawRect(SKRect.Create(left, tops[i], XOf(row.Ratio!.Value) - left, BarHeight), paint);
                if (i == 0 || rows[i - 1].What != row.What)
                {
                    float middle = (baseline + tops[rows.Index().Last(r => r.Item.What == row.What).Index] + BarHeight / 2f + 5) / 2;
                    canvas.DrawText(row.What, left - 12, middle, SKTextAlign.Right, text);
                }
                canvas.DrawText(
                    FormattableString.Invariant($"{row.Ratio:0.0}× ({row.Ours:0} against {row.Rival:0} ms)"), XOf(row.Ratio.Value) + 8, baseline, SKTextAlign.Left, text);
            }
            canvas.DrawLine(left, Top, left, bottom, line);
            canvas.DrawLine(XOf(1), Top, XOf(1), bottom, line);
            canvas.DrawText("as fast", XOf(1), bottom + 18, SKTextAlign.Center, text);
        }, scale: 2);
        File.WriteAllBytes(path, png);
    }

    /// <summary>Name of the rival, without its version.</summary>
    private static string Program(ResultRow row) => row.RivalName.StartsWith("ONNX", StringComparison.Ordinal) ? "ONNX Runtime" : "libtorch";

    private static SKColor Color(string program) => PlotStyle.Curves[program == "libtorch" ? 1 : 0];
}
