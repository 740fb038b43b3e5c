using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using Spectre.Console;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Compares results of <c>alexnet bench --json</c> with a first one: how much faster they are, and whether that exceeds the noise.</summary>
internal static class BenchComparison
{
    private const int Resamples = 2000;

    /// <summary>A run compared with the same run in the first file.</summary>
    /// <param name="File">Path of the file.</param>
    /// <param name="What">Name of the run, with batch size and threads.</param>
    /// <param name="First">Median in the first file, in seconds.</param>
    /// <param name="Other">Median in this file, in seconds.</param>
    /// <param name="Ratio">Speedup of this file over the first.</param>
    /// <param name="Low">Lower end of the ratio's 95 % confidence interval.</param>
    /// <param name="High">Upper end of the interval.</param>
    /// <param name="Noise">Whether either machine was busy with other work.</param>
    internal sealed record Row(string File, string What, double First, double Other, double Ratio, double Low, double High, bool Noise)
    {
        /// <summary>The result in words.</summary>
        public string Verdict => (Low > 1 ? "faster" : High < 1 ? "slower" : "no difference beyond noise") + (Noise ? "; a machine was busy" : "");
    }

    /// <summary>Compares all files with the first one.</summary>
    /// <exception cref="InvalidDataException">A file is not a result, or two did not do the same work; the message says what differs.</exception>
    public static IReadOnlyList<Row> Compare(IReadOnlyList<string> paths)
    {
        IReadOnlyList<BenchReport> first = BenchReport.Read(paths[0]);
        return [.. paths.Skip(1).SelectMany(path => Compare(paths[0], first, path, BenchReport.Read(path)))];
    }

    /// <summary>Compares the results in a file with those in the first one.</summary>
    /// <exception cref="InvalidDataException">Two results did not do the same work; the message says what differs.</exception>
    public static IReadOnlyList<Row> Compare(string firstPath, IReadOnlyList<BenchReport> first, string path, IReadOnlyList<BenchReport> others)
    {
        var rows = new List<Row>();
        foreach (BenchReport other in others)
        {
            // Single results may differ in the number of threads, to compare it; the results of a sweep are matched by it.
            BenchReport mine = first.Count == 1 && others.Count == 1 ? first[0] : first.FirstOrDefault(
                report => report.Settings.BatchSize == other.Settings.BatchSize && report.Settings.Threads == other.Settings.Threads)
                ?? throw new InvalidDataException(FormattableString.Invariant(
                    $"{path}: batch size {other.Settings.BatchSize} with {other.Settings.Threads} threads is not in {firstPath}; measure the same combinations"));
            rows.AddRange(Compare(firstPath, mine, path, other));
        }
        return rows;
    }

    /// <summary>Formats the rows as a table.</summary>
    public static Table ToTable(IReadOnlyList<Row> rows)
    {
        Table table = Tables.Create("file", "run", ">first ms", ">ms", ">times as fast", ">95 %", "verdict");
        foreach (Row row in rows)
            table.Row(
                row.File, row.What, Text(1000 * row.First, "0.00"), Text(1000 * row.Other, "0.00"), Text(row.Ratio, "0.000"),
                $"{Text(row.Low, "0.000")}–{Text(row.High, "0.000")}", row.Verdict);
        return table;
    }

    /// <summary>Differences in how the files were measured: one line for each file after the first.</summary>
    public static IEnumerable<string> Differences(IReadOnlyList<string> paths)
    {
        BenchReport first = BenchReport.Read(paths[0])[0];
        foreach (string path in paths.Skip(1))
            yield return $"{path}: {Differences(first, BenchReport.Read(path)[0])}";
    }

    /// <summary>Differences in how two results were measured.</summary>
    public static string Differences(BenchReport first, BenchReport other)
    {
        string[] differences = [.. Facts(first).Zip(Facts(other)).Where(pair => pair.First.Value != pair.Second.Value)
            .Select(pair => $"{pair.First.Name} {pair.First.Value} → {pair.Second.Value}")];
        return differences.Length > 0 ? string.Join(", ", differences) : "measured with the same program, settings and machine";
    }

    private static IEnumerable<Row> Compare(string firstPath, BenchReport first, string path, BenchReport other)
    {
        foreach (RunReport run in other.Runs)
        {
            RunReport mine = first.Runs.FirstOrDefault(candidate => candidate.Name == run.Name)
                ?? throw new InvalidDataException($"{path}: the run '{run.Name}' is not in {firstPath}; measure the same runs");
            (string Name, string First, string Other)[] work =
            [
                ("network", $"{first.Network} ({first.Layers})", $"{other.Network} ({other.Layers})"),
                ("batch size", Text(first.Settings.BatchSize, "0"), Text(other.Settings.BatchSize, "0")),
                ("image size", ImageSize(first.Settings), ImageSize(other.Settings)),
                ("gradients", GradientsOf(first, run), GradientsOf(other, run)),
            ];
            if (work.FirstOrDefault(item => item.First != item.Other) is { Name: not null } different)
                throw new InvalidDataException(
                    $"{path}: {run.Name} did different work than in {firstPath}: {different.Name} {different.Other}, there {different.First}; compare results of the same work");
            (double ratio, double low, double high) = Ratio([.. mine.Seconds], [.. run.Seconds]);
            yield return new Row(
                path, FormattableString.Invariant($"{run.Name}, batch {other.Settings.BatchSize}, {other.Settings.Threads} threads"),
                mine.MedianSeconds, run.MedianSeconds, ratio, low, high, mine.Noise is not null || run.Noise is not null);
        }
    }

    /// <summary>Ratio of the medians, and its 95 % confidence interval: percentile bootstrap over the steps of both, with a fixed seed.</summary>
    internal static (double Ratio, double Low, double High) Ratio(double[] first, double[] other)
    {
        var random = new System.Random(1);
        double[] ratios = new double[Resamples], a = new double[first.Length], b = new double[other.Length];
        for (int i = 0; i < Resamples; i++)
            ratios[i] = MedianOf(first, a) / MedianOf(other, b);
        Array.Sort(ratios);
        Array.Sort(first);
        Array.Sort(other);
        return (SortedSample.Quantile(first, 0.5) / SortedSample.Quantile(other, 0.5), SortedSample.Quantile(ratios, 0.025), SortedSample.Quantile(ratios, 0.975));

        double MedianOf(double[] from, double[] sample)
        {
            for (int i = 0; i < sample.Length; i++)
                sample[i] = from[random.Next(from.Length)];
            Array.Sort(sample);
            return SortedSample.Quantile(sample, 0.5);
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(BenchReport report)
    {
        BenchSettings s = report.Settings;
        yield return ("version", report.Version);
        yield return ("processor", $"{report.Machine.Processor}, {report.Machine.Simd}");
        yield return ("threads", Text(s.Threads, "0"));
        yield return ("precision", s.Precision);
        yield return ("precise", s.Precise ? "yes" : "no");
        yield return ("weights", s.Model ?? "random");
        yield return ("images", s.Images);
        yield return ("seed", s.Seed.ToString(CultureInfo.InvariantCulture));
    }

    private static string ImageSize(BenchSettings settings) => FormattableString.Invariant($"{settings.ImageHeight}×{settings.ImageWidth}");

    private static string GradientsOf(BenchReport report, RunReport run) => run.Name == NotebookBenchmark.Forward ? "none" : report.Settings.Gradients;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
