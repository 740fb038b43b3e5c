using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Plots;
using SkiaSharp;
using Spectre.Console;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Results for several batch sizes and thread counts, as one table and one plot.</summary>
internal static class SweepReport
{
    private const int Width = 800, Height = 480;

    /// <summary>Formats one row per combination and run; the last column is the speedup over the fewest threads.</summary>
    public static Table ToTable(IReadOnlyList<BenchReport> reports)
    {
        Table table = Tables.Create("run", ">batch", ">threads", ">median ms", ">95 %", ">p99 ms", ">images/s", ">GFLOP/s", ">times as fast", "");
        foreach ((BenchReport report, RunReport run) in Runs(reports))
        {
            RunReport fewest = Runs(reports).Where(other => other.Run.Name == run.Name && other.Report.Settings.BatchSize == report.Settings.BatchSize)
                .MinBy(other => other.Report.Settings.Threads).Run;
            table.Row(
                run.Name, Text(report.Settings.BatchSize, "0"), Text(report.Settings.Threads, "0"), Text(1000 * run.MedianSeconds, "0.00"),
                $"{Text(1000 * run.MedianLowSeconds, "0.00")}–{Text(1000 * run.MedianHighSeconds, "0.00")}", Text(1000 * run.P99Seconds, "0.00"),
                Text(report.Settings.BatchSize / run.MedianSeconds, "0.0"), Text(run.Gflops, "0"), Text(fewest.MedianSeconds / run.MedianSeconds, "0.00"),
                run.Noise is null ? "" : "noisy");
        }
        return table;
    }

    /// <summary>Plots milliseconds per image over batch size, one curve per run and thread count; over threads if there is a single batch size.</summary>
    public static byte[] ToPng(IReadOnlyList<BenchReport> reports)
    {
        bool overThreads = reports.Select(report => report.Settings.BatchSize).Distinct().Count() == 1;
        var curves = Runs(reports)
            .GroupBy(item => overThreads ? item.Run.Name : FormattableString.Invariant($"{item.Run.Name}, {item.Report.Settings.Threads} threads"))
            .Select(group => new Curve(group.Key, [.. group.Select(item => (
                (double)(overThreads ? item.Report.Settings.Threads : item.Report.Settings.BatchSize),
                1000 * item.Run.MedianSeconds / item.Report.Settings.BatchSize)).OrderBy(point => point.Item1)]))
            .ToArray();
        var chart = new LineChart($"{reports[0].Network}: milliseconds per image", overThreads ? "threads" : "batch size", curves, XAxis.Doubling);
        return PlotStyle.ToPng(Width, Height, canvas => chart.Draw(canvas, new SKRect(0, 0, Width, Height)), scale: 2);
    }

    private static IEnumerable<(BenchReport Report, RunReport Run)> Runs(IReadOnlyList<BenchReport> reports) =>
        reports.SelectMany(report => report.Runs.Select(run => (report, run))).OrderBy(item => item.run.Name, StringComparer.Ordinal);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
