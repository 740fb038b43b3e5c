using ScottPlot;

namespace AlexNetSharp.Rivals;

/// <summary>The comparison as an image: how many times faster, one bar a row, readable at README width.</summary>
internal static class Chart
{
    public static void Write(Results results, string path)
    {
        ResultRow[] rows = [.. results.Rows.Where(r => r.Unit == "ms" && r.Ratio is not null && !r.RivalName.StartsWith("AlexNetSharp", StringComparison.Ordinal)).Reverse()];
        if (rows.Length == 0)
            return;
        using var plot = new Plot();
        Bar[] values = [.. rows.Select((r, i) => new Bar
        {
            Position = i,
            Value = r.Ratio!.Value,
            FillColor = r.RivalName.StartsWith("ONNX", StringComparison.Ordinal) ? Color.FromHex("#2b6cb0") : Color.FromHex("#c05621"),
            Label = FormattableString.Invariant($"{r.Ratio:0.0}× {Program(r)} ({r.Ours:0} against {r.Rival:0} ms)"),
        })];
        var bars = plot.Add.Bars(values);
        bars.Horizontal = true;
        bars.ValueLabelStyle.FontSize = 14;
        plot.Axes.Left.SetTicks([.. rows.Select((_, i) => (double)i)], [.. rows.Select(r => r.What)]);
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.SetLimits(0, rows.Max(r => r.Ratio!.Value) * 2.05, -0.6, rows.Length - 0.4);
        plot.Add.VerticalLine(1, 1, Colors.Gray);
        plot.Title(FormattableString.Invariant($"Times faster on {results.Processor}, {results.Threads} threads"));
        plot.HideGrid();
        plot.SavePng(path, 900, 90 + 44 * rows.Length);
    }

    /// <summary>The rival without its version.</summary>
    private static string Program(ResultRow row) => row.RivalName.StartsWith("ONNX", StringComparison.Ordinal) ? "ONNX Runtime" : "libtorch";
}
