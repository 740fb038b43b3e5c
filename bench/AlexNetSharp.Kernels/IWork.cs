using System.Globalization;
using AlexNetSharp.Cli.Benchmarking;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>A benchmark case with a known amount of work, so that the columns can convert its time to GFLOP/s.</summary>
internal interface IWork
{
    /// <summary>Floating-point operations of one call; convolutions count as direct convolution.</summary>
    double Operations { get; }
}

/// <summary>GFLOP/s at the median.</summary>
internal sealed class ThroughputColumn : IColumn
{
    public string Id => "GFLOP/s";

    public string ColumnName => "GFLOP/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Direct-convolution operations at the median time; exceeds the FMA peak where Winograd saves multiplications";

    public static double? Of(Summary summary, BenchmarkCase benchmark) =>
        benchmark.Parameters.Items.Select(item => item.Value).OfType<IWork>().FirstOrDefault() is { } work
        && summary[benchmark]?.ResultStatistics is { } statistics
            ? work.Operations / statistics.Median
            : null;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        Of(summary, benchmarkCase)?.ToString("0", CultureInfo.InvariantCulture) ?? "–";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}

/// <summary>GFLOP/s as a fraction of the fused multiply-add peak of all CPUs, measured in the same run.</summary>
internal sealed class PeakShareColumn : IColumn
{
    private readonly Lazy<double> _peak = new(() => FmaPeak.Measure(Environment.ProcessorCount));

    public string Id => "Peak share";

    public string ColumnName => "of peak";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Share of the FMA peak of all CPUs";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => ThroughputColumn.Of(summary, benchmarkCase) is { } throughput
        ? (throughput / _peak.Value).ToString("P0", CultureInfo.InvariantCulture)
        : "–";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
