using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The report that <c>alexnet bench --json</c> writes; docs/benchmarking.md describes every field.</summary>
/// <param name="Schema">Version of this format: <see cref="CurrentSchema"/>.</param>
/// <param name="Version">Version of the program, with its commit after a plus sign.</param>
/// <param name="Date">Time at which the run ended.</param>
/// <param name="Network">Name of the network.</param>
/// <param name="Layers">Identifies the layers: the first 16 digits of the SHA-256 of the network's JSON. Networks with different layers do different work.</param>
/// <param name="Settings">Settings of the benchmark.</param>
/// <param name="Machine">Machine that it ran on.</param>
/// <param name="MemoryReadGBs">Read bandwidth of memory with the same threads, in 10⁹ bytes per second; null if not measured.</param>
/// <param name="PeakMemoryBytes">Peak memory of the process, in bytes.</param>
/// <param name="Runs">The runs.</param>
internal sealed record BenchReport(
    int Schema, string Version, DateTimeOffset Date, string Network, string Layers, BenchSettings Settings, Machine Machine, double? MemoryReadGBs,
    long PeakMemoryBytes, IReadOnlyList<RunReport> Runs)
{
    /// <summary>The format version that this program writes, and the only one that it reads.</summary>
    public const int CurrentSchema = 1;

    // The relaxed encoder leaves "conv1 + relu1" readable; the default one is for JSON inside HTML.
    private static readonly BenchJson s_json =
        new(new JsonSerializerOptions(BenchJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Times by layer; only with <c>--per-layer</c>.</summary>
    public IReadOnlyList<LayerReport>? LayerTimes { get; init; }

    /// <summary>The report as indented JSON in UTF-8 with a trailing line feed.</summary>
    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_json.BenchReport), (byte)'\n'];

    /// <summary>The reports of a sweep, in the same form.</summary>
    public static byte[] ToJson(BenchSweep sweep) => [.. JsonSerializer.SerializeToUtf8Bytes(sweep, s_json.BenchSweep), (byte)'\n'];

    /// <summary>Reads the reports in a file that <c>alexnet bench --json</c> wrote.</summary>
    /// <exception cref="InvalidDataException">The file is not such a report, or has another version; the message says which.</exception>
    public static IReadOnlyList<BenchReport> Read(string path) => Parse(File.ReadAllBytes(path), path);

    /// <summary>Parses the reports in the bytes of such a file.</summary>
    /// <param name="bytes">Content of the file.</param>
    /// <param name="path">Name of the file in messages.</param>
    /// <exception cref="InvalidDataException">The file is not such a report, or has another version; the message says which.</exception>
    public static IReadOnlyList<BenchReport> Parse(byte[] bytes, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("schema", out JsonElement schema))
                throw new InvalidDataException($"{path}: not a result of 'alexnet bench --json': it has no field 'schema'; files from before format version 1 cannot be compared");
            if (!schema.TryGetInt32(out int version) || version != CurrentSchema)
                throw new InvalidDataException($"{path}: the file has format version {schema.GetRawText()}, but this program reads version {CurrentSchema}; measure again");
            IReadOnlyList<BenchReport?>? reports = document.RootElement.TryGetProperty("sweep", out _)
                ? JsonSerializer.Deserialize(bytes, s_json.BenchSweep)?.Sweep : (IReadOnlyList<BenchReport?>)[JsonSerializer.Deserialize(bytes, s_json.BenchReport)];
            if (reports is null || reports.Any(report => report is not { Network: not null, Settings: not null, Machine: not null, Runs: not null }
                || report.Runs.Any(run => run is not { Name: not null, Seconds.Count: > 0 } || run.Seconds.Any(s => !(s > 0)))))
                throw new InvalidDataException($"{path}: fields are missing that 'alexnet bench --json' writes; measure again");
            return [.. reports.OfType<BenchReport>()];
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: not the JSON of 'alexnet bench --json': {e.Message}", e);
        }
    }

    /// <summary>A report on loading, in the same form.</summary>
    public static byte[] ToJson(LoaderReport report) => [.. JsonSerializer.SerializeToUtf8Bytes(report, s_json.LoaderReport), (byte)'\n'];
}

/// <summary>One run: <c>forward</c> or <c>forward-backward</c>.</summary>
/// <param name="Name">Name of the run.</param>
/// <param name="Steps">Number of measured steps.</param>
/// <param name="MeanSeconds">Mean time of a step.</param>
/// <param name="SdSeconds">Standard deviation.</param>
/// <param name="MedianSeconds">Median.</param>
/// <param name="MedianLowSeconds">Lower end of the 95 % confidence interval of the median.</param>
/// <param name="MedianHighSeconds">Upper end of the interval.</param>
/// <param name="P90Seconds">90th percentile.</param>
/// <param name="P99Seconds">99th percentile.</param>
/// <param name="MinSeconds">Shortest step.</param>
/// <param name="MaxSeconds">Longest step.</param>
/// <param name="ImagesPerSecond">Images per second at the mean.</param>
/// <param name="Gflops">10⁹ floating-point operations per second at the mean; multiply-adds count as two, convolution as direct convolution.</param>
/// <param name="Seconds">Duration of each step, in order.</param>
internal sealed record RunReport(
    string Name, int Steps, double MeanSeconds, double SdSeconds, double MedianSeconds, double MedianLowSeconds, double MedianHighSeconds,
    double P90Seconds, double P99Seconds, double MinSeconds, double MaxSeconds, double ImagesPerSecond, double Gflops, IReadOnlyList<double> Seconds)
{
    /// <summary>Multiply-add peak of the same threads before and after the run, in GFLOP/s; null if not measured.</summary>
    public double? PeakBeforeGflops { get; init; }

    /// <inheritdoc cref="PeakBeforeGflops"/>
    public double? PeakAfterGflops { get; init; }

    /// <summary>Evidence that the machine was busy with other work; null if there is none.</summary>
    public string? Noise { get; init; }

    /// <summary>Creates the report from the durations of a run.</summary>
    /// <param name="name">Name of the run.</param>
    /// <param name="durations">Durations of the steps.</param>
    /// <param name="batchSize">Images per step.</param>
    /// <param name="multiplyAdds">Multiply-adds per image, see <see cref="DirectWork"/>.</param>
    public static RunReport From(string name, DurationStatistics durations, int batchSize, long multiplyAdds)
    {
        double imagesPerSecond = batchSize / durations.Mean;
        return new RunReport(
            name, durations.Count, durations.Mean, durations.Deviation, durations.Median, durations.MedianInterval.Low, durations.MedianInterval.High,
            durations.Quantile(0.9), durations.Quantile(0.99), durations.Min, durations.Max,
            imagesPerSecond, 2e-9 * multiplyAdds * imagesPerSecond, durations.Seconds.ToArray())
        { Noise = Benchmarking.Noise.Describe(durations) };
    }
}

/// <summary>Settings of a benchmark. Two runs did the same work if their settings differ only in <see cref="Threads"/>, <see cref="Precise"/>,
/// <see cref="Precision"/>, seed, images and steps.</summary>
/// <param name="Model">File of the weights; null for random ones.</param>
/// <param name="BatchSize">Images per step.</param>
/// <param name="ImageHeight">Rows of an image.</param>
/// <param name="ImageWidth">Columns of an image.</param>
/// <param name="Threads">Number of compute threads.</param>
/// <param name="Gradients"><c>conv</c> or <c>all</c>, in forward-backward.</param>
/// <param name="Precise">Without Winograd.</param>
/// <param name="Precision">Data type of fully connected weights: float32, bfloat16 or int8.</param>
/// <param name="BurnIn">Number of warm-up steps.</param>
/// <param name="Batches">Requested number of steps.</param>
/// <param name="Seed">Seed of weights, images and dropout.</param>
/// <param name="Images">Source of the batch: <c>noise</c> or a path.</param>
internal sealed record BenchSettings(
    string? Model, int BatchSize, int ImageHeight, int ImageWidth, int Threads, string Gradients, bool Precise, string Precision, int BurnIn, int Batches,
    ulong Seed, string Images);

/// <summary>The output of a sweep: one report per combination.</summary>
/// <param name="Schema">Version of the format, as in <see cref="BenchReport"/>.</param>
/// <param name="Sweep">The reports.</param>
internal sealed record BenchSweep(int Schema, IReadOnlyList<BenchReport> Sweep);

/// <summary>Mean times of the layers that a plan runs as one operation.</summary>
/// <param name="Name">The layers.</param>
/// <param name="Algorithm">How they are computed.</param>
/// <param name="ForwardSeconds">Mean time of the forward pass.</param>
/// <param name="BackwardSeconds">Mean time of the backward pass; null if there is none.</param>
/// <param name="PrepareSeconds">Mean time to transform the weights for the algorithm, in a step that changes them.</param>
/// <param name="Share">Fraction of the time of all layers, 0 to 1.</param>
/// <param name="ForwardGflops">Forward GFLOP/s; a convolution counts as direct convolution.</param>
/// <param name="BackwardGflops">Backward GFLOP/s, counted likewise; null if there is no backward pass.</param>
internal sealed record LayerReport(
    string Name, string Algorithm, double ForwardSeconds, double? BackwardSeconds, double PrepareSeconds, double Share, double ForwardGflops,
    double? BackwardGflops);

/// <summary>JSON serialization with camel-case names, generated at compile time so that the command can be trimmed.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(BenchSweep))]
[JsonSerializable(typeof(LoaderReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
