using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>What <c>alexnet bench --json</c> writes; docs/benchmarking.md describes every field.</summary>
/// <param name="Schema">Version of this form: <see cref="CurrentSchema"/>.</param>
/// <param name="Version">Version of the program, with its commit behind a plus sign.</param>
/// <param name="Date">When the run ended.</param>
/// <param name="Network">Name of the network.</param>
/// <param name="Layers">What the layers are: the first 16 digits of the SHA-256 of the network's JSON. Networks with other layers do other work.</param>
/// <param name="Settings">What was asked for.</param>
/// <param name="Machine">Where.</param>
/// <param name="MemoryReadGBs">Speed at which the same threads read memory, in 10⁹ bytes a second; null where it was not measured.</param>
/// <param name="PeakMemoryBytes">The largest memory that the process ever held.</param>
/// <param name="Runs">The runs.</param>
internal sealed record BenchReport(
    int Schema, string Version, DateTimeOffset Date, string Network, string Layers, BenchSettings Settings, Machine Machine, double? MemoryReadGBs,
    long PeakMemoryBytes, IReadOnlyList<RunReport> Runs)
{
    /// <summary>The form that this program writes, and the only one that it reads.</summary>
    public const int CurrentSchema = 1;

    // The relaxed encoder leaves "conv1 + relu1" readable; the default one is for JSON inside of HTML.
    private static readonly BenchJson s_json =
        new(new JsonSerializerOptions(BenchJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>With <c>--per-layer</c> only.</summary>
    public IReadOnlyList<LayerReport>? LayerTimes { get; init; }

    /// <summary>The report as indented JSON in UTF-8 with a line feed at its end.</summary>
    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_json.BenchReport), (byte)'\n'];

    /// <summary>Several reports, of a sweep, likewise.</summary>
    public static byte[] ToJson(BenchSweep sweep) => [.. JsonSerializer.SerializeToUtf8Bytes(sweep, s_json.BenchSweep), (byte)'\n'];

    /// <summary>The reports of a file that <c>alexnet bench --json</c> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or of another version; the message says so.</exception>
    public static IReadOnlyList<BenchReport> Read(string path) => Parse(File.ReadAllBytes(path), path);

    /// <summary>The reports of such a file's bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="path">What to call the file in messages.</param>
    /// <exception cref="InvalidDataException">It is no such file, or of another version; the message says so.</exception>
    public static IReadOnlyList<BenchReport> Parse(byte[] bytes, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("schema", out JsonElement schema))
                throw new InvalidDataException($"{path}: no result of 'alexnet bench --json': it has no field 'schema'; files of before version 1 of the form cannot be compared");
            if (!schema.TryGetInt32(out int version) || version != CurrentSchema)
                throw new InvalidDataException($"{path}: the form of the file is version {schema.GetRawText()}, and this program reads version {CurrentSchema}; measure again");
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

    /// <summary>A report on loading, likewise.</summary>
    public static byte[] ToJson(LoaderReport report) => [.. JsonSerializer.SerializeToUtf8Bytes(report, s_json.LoaderReport), (byte)'\n'];
}

/// <summary>One run: <c>forward</c> or <c>forward-backward</c>.</summary>
/// <param name="Name">Which.</param>
/// <param name="Steps">Steps that count.</param>
/// <param name="MeanSeconds">Mean time of a step.</param>
/// <param name="SdSeconds">Its standard deviation.</param>
/// <param name="MedianSeconds">Median.</param>
/// <param name="MedianLowSeconds">Lower end of the 95 % interval of the median.</param>
/// <param name="MedianHighSeconds">Upper end.</param>
/// <param name="P90Seconds">What 90 % of the steps do not exceed.</param>
/// <param name="P99Seconds">What 99 % of the steps do not exceed.</param>
/// <param name="MinSeconds">Shortest.</param>
/// <param name="MaxSeconds">Longest.</param>
/// <param name="ImagesPerSecond">Images a second at the mean.</param>
/// <param name="Gflops">10⁹ floating point operations a second at the mean, a multiply-add counted as two, convolution as direct convolution.</param>
/// <param name="Seconds">Every step, in order.</param>
internal sealed record RunReport(
    string Name, int Steps, double MeanSeconds, double SdSeconds, double MedianSeconds, double MedianLowSeconds, double MedianHighSeconds,
    double P90Seconds, double P99Seconds, double MinSeconds, double MaxSeconds, double ImagesPerSecond, double Gflops, IReadOnlyList<double> Seconds)
{
    /// <summary>Multiply-add peak of the same threads before and after the run, in GFLOP/s; null where it was not measured.</summary>
    public double? PeakBeforeGflops { get; init; }

    /// <inheritdoc cref="PeakBeforeGflops"/>
    public double? PeakAfterGflops { get; init; }

    /// <summary>What says that the machine was not alone; null where nothing does.</summary>
    public string? Noise { get; init; }

    /// <summary>From the durations of a run.</summary>
    /// <param name="name">Name of the run.</param>
    /// <param name="durations">Its durations.</param>
    /// <param name="batchSize">Images of a step.</param>
    /// <param name="multiplyAdds">Multiply-adds of an image, see <see cref="DirectWork"/>.</param>
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

/// <summary>What a benchmark was asked to do: equal but for <see cref="Threads"/>, <see cref="Precise"/>, <see cref="Precision"/>, seed, images and steps, two runs did the same work.</summary>
/// <param name="Model">File of the weights; null for random ones.</param>
/// <param name="BatchSize">Images of a step.</param>
/// <param name="ImageHeight">Rows of an image.</param>
/// <param name="ImageWidth">Columns of an image.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Gradients"><c>conv</c> or <c>all</c>, in forward-backward.</param>
/// <param name="Precise">Without Winograd.</param>
/// <param name="Precision">What fully connected weights are read as: float32, bfloat16, int8.</param>
/// <param name="BurnIn">Steps before the first that counts.</param>
/// <param name="Batches">Steps asked for.</param>
/// <param name="Seed">Key of weights, images and dropout.</param>
/// <param name="Images">Where the batch comes from: <c>noise</c> or a path.</param>
internal sealed record BenchSettings(
    string? Model, int BatchSize, int ImageHeight, int ImageWidth, int Threads, string Gradients, bool Precise, string Precision, int BurnIn, int Batches,
    ulong Seed, string Images);

/// <summary>What a sweep writes: a report for every combination.</summary>
/// <param name="Schema">As of a <see cref="BenchReport"/>.</param>
/// <param name="Sweep">The reports.</param>
internal sealed record BenchSweep(int Schema, IReadOnlyList<BenchReport> Sweep);

/// <summary>Mean times of the layers that a plan runs as one operation.</summary>
/// <param name="Name">The layers.</param>
/// <param name="Algorithm">How they are computed.</param>
/// <param name="ForwardSeconds">Mean time forward.</param>
/// <param name="BackwardSeconds">Mean time backward; null where there is no backward.</param>
/// <param name="PrepareSeconds">Mean time to bring weights into the algorithm's form in a step that changes them.</param>
/// <param name="Share">Part of the time of all layers, 0 to 1.</param>
/// <param name="ForwardGflops">Forward, convolution counted as direct convolution.</param>
/// <param name="BackwardGflops">Backward, likewise; null where there is no backward.</param>
internal sealed record LayerReport(
    string Name, string Algorithm, double ForwardSeconds, double? BackwardSeconds, double PrepareSeconds, double Share, double ForwardGflops,
    double? BackwardGflops);

/// <summary>Names in camel case, made at compile time so that the command can be trimmed.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(BenchSweep))]
[JsonSerializable(typeof(LoaderReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
