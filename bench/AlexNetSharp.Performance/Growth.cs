using System.Globalization;
using AlexNetSharp.Cli.Plots;
using SkiaSharp;

namespace AlexNetSharp.Performance;

/// <summary>How the step time grows with batch size, image size and number of threads.</summary>
internal sealed record Growth(
    IReadOnlyList<(int Value, double Forward, double Both)> Batches,
    IReadOnlyList<(int Value, double Forward, double Both)> ImageSizes,
    IReadOnlyList<(int Value, double Forward, double Both)> Threads)
{
    private const int Batch = 32, ImageSize = 224;

    public static Growth Measure(int threads, Action<string> progress)
    {
        (int, double, double) Times(string what, int value, int batch, int imageSize, int useThreads)
        {
            progress(FormattableString.Invariant($"{what} {value}"));
            double Median(bool backward)
            {
                using var timed = new TimedPlan(batch, imageSize, useThreads, backward);
                return timed.Median(seconds: 3);
            }
            return (value, Median(false), Median(true));
        }
        int[] counts = [.. Enumerable.Range(0, 20).Select(i => 1 << i).Where(t => t < threads), threads];
        return new Growth(
            [.. new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256 }.Select(b => Times("batch", b, b, ImageSize, threads))],
            [.. new[] { 64, 96, 128, 160, 192, 224, 256, 320, 384 }.Select(s => Times("image size", s, Batch, s, threads))],
            [.. counts.Select(t => Times("threads", t, Batch, ImageSize, t))]);
    }

    public IEnumerable<string> Tables()
    {
        yield return "| batch | forward ms per image | forward-backward ms per image |";
        yield return "|---|---|---|";
        foreach ((int batch, double forward, double both) in Batches)
            yield return FormattableString.Invariant($"| {batch} | {1e3 * forward / batch:0.00} | {1e3 * both / batch:0.00} |");
        yield return "";
        yield return "| image size | forward ms per image | forward-backward ms per image | forward ns per pixel |";
        yield return "|---|---|---|---|";
        foreach ((int size, double forward, double both) in ImageSizes)
            yield return FormattableString.Invariant(
                $"| {size} | {1e3 * forward / Batch:0.00} | {1e3 * both / Batch:0.00} | {1e9 * forward / Batch / size / size:0} |");
        yield return "";
        yield return "| threads | forward ms per batch | forward-backward ms per batch | times one thread |";
        yield return "|---|---|---|---|";
        foreach ((int threads, double forward, double both) in Threads)
            yield return FormattableString.Invariant($"| {threads} | {1e3 * forward:0} | {1e3 * both:0} | {Threads[0].Both / both:0.00} |");
    }

    /// <summary>Reads back the tables written by <see cref="Tables"/>.</summary>
    /// <param name="report">Lines that contain the tables.</param>
    public static Growth Read(IReadOnlyList<string> report)
    {
        double[][] Rows(string firstColumn) =>
        [
            .. report.SkipWhile(line => !line.StartsWith($"| {firstColumn} |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))
                .Select(line => line.Trim('|').Split('|').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray()),
        ];
        return new Growth(
            [.. Rows("batch").Select(row => ((int)row[0], row[1] * row[0] / 1e3, row[2] * row[0] / 1e3))],
            [.. Rows("image size").Select(row => ((int)row[0], row[1] * Batch / 1e3, row[2] * Batch / 1e3))],
            [.. Rows("threads").Select(row => ((int)row[0], row[1] / 1e3, row[2] / 1e3))]);
    }

    /// <summary>Two charts side by side: time per image over batch size and over image size.</summary>
    public byte[] Plot() => PlotStyle.ToPng(1000, 400, canvas =>
    {
        new LineChart("Milliseconds per image, 224×224", "batch size", Curves(Batches, value => value), XAxis.Doubling).Draw(canvas, new SKRect(0, 0, 500, 400));
        new LineChart("Milliseconds per image, batch 32", "height and width of the images", Curves(ImageSizes, _ => Batch)).Draw(canvas, new SKRect(500, 0, 1000, 400));
    }, scale: 2);

    private static Curve[] Curves(IReadOnlyList<(int Value, double Forward, double Both)> points, Func<int, int> batch) =>
    [
        new("forward and backward", [.. points.Select(p => ((double)p.Value, 1e3 * p.Both / batch(p.Value)))]),
        new("forward", [.. points.Select(p => ((double)p.Value, 1e3 * p.Forward / batch(p.Value)))]),
    ];
}
