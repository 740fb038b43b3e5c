using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>What <c>alexnet bench --json</c> writes.</summary>
internal sealed record BenchReport(
    string Network, int BatchSize, int ImageSize, int Threads, string Gradients, Machine Machine, long PeakMemoryBytes, IReadOnlyList<RunReport> Runs)
{
    // The relaxed encoder leaves "conv1 + relu1" readable; the default one is for JSON inside of HTML.
    private static readonly BenchJson s_json =
        new(new JsonSerializerOptions(BenchJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>With <c>--per-layer</c> only.</summary>
    public IReadOnlyList<LayerReport>? Layers { get; init; }

    /// <summary>The report as indented JSON in UTF-8 with a line feed at its end.</summary>
    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_json.BenchReport), (byte)'\n'];

    /// <summary>A report on loading, likewise.</summary>
    public static byte[] ToJson(LoaderReport report) => [.. JsonSerializer.SerializeToUtf8Bytes(report, s_json.LoaderReport), (byte)'\n'];
}

/// <summary>One run: <c>forward</c> or <c>forward-backward</c>.</summary>
/// <param name="Name">Which.</param>
/// <param name="Steps">Steps that count.</param>
/// <param name="MeanSeconds">Mean time of a step.</param>
/// <param name="SdSeconds">Its standard deviation.</param>
/// <param name="MedianSeconds">Median.</param>
/// <param name="MinSeconds">Shortest.</param>
/// <param name="MaxSeconds">Longest.</param>
/// <param name="ImagesPerSecond">Images a second at the mean.</param>
/// <param name="Gflops">10⁹ floating point operations a second at the mean, a multiply-add counted as two, convolution as direct convolution.</param>
internal sealed record RunReport(
    string Name, int Steps, double MeanSeconds, double SdSeconds, double MedianSeconds, double MinSeconds, double MaxSeconds, double ImagesPerSecond,
    double Gflops)
{
    /// <summary>From the durations of a run.</summary>
    /// <param name="name">Name of the run.</param>
    /// <param name="durations">Its durations.</param>
    /// <param name="batchSize">Images of a step.</param>
    /// <param name="multiplyAdds">Multiply-adds of an image, see <see cref="DirectWork"/>.</param>
    public static RunReport From(string name, DurationStatistics durations, int batchSize, long multiplyAdds)
    {
        double imagesPerSecond = batchSize / durations.Mean;
        return new RunReport(
            name, durations.Count, durations.Mean, durations.Deviation, durations.Median, durations.Min, durations.Max,
            imagesPerSecond, 2e-9 * multiplyAdds * imagesPerSecond);
    }
}

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
[JsonSerializable(typeof(LoaderReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
