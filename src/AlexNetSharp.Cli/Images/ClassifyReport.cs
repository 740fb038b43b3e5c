using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Images;

/// <summary>The classes of images, as text and as JSON.</summary>
/// <param name="Model">Path of the model.</param>
/// <param name="Classifier">The classifier.</param>
/// <param name="Views">Number of views per image: 1 or 10.</param>
/// <param name="Threads">Number of compute threads.</param>
/// <param name="Results">The images, with their predictions.</param>
/// <param name="Skipped">Skipped images, which could not be read.</param>
/// <param name="Time">Time from opening the first file to the last prediction.</param>
/// <param name="Cold">Whether the network was prepared and its weights were read in that time.</param>
internal sealed record ClassifyReport(
    string Model, Classifier Classifier, int Views, int Threads,
    IReadOnlyList<FileResult<Prediction[]>> Results, IReadOnlyList<FileResult<Prediction[]>> Skipped, TimeSpan Time, bool Cold)
{
    private const string ColdStart = "cold start that reads the weights";

    private double SecondsEach => Time.TotalSeconds / Results.Count;

    /// <summary>Prints each image with its classes, and the total time.</summary>
    public void Print(CommandContext context)
    {
        foreach (FileResult<Prediction[]> image in Results)
        {
            context.WriteLine(image.Path);
            foreach (Prediction prediction in image.GetOrThrow())
                context.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{100 * prediction.Probability,7:0.00} %  {Describe(prediction)}"));
        }
        string views = Views > 1 ? string.Create(CultureInfo.InvariantCulture, $", each in {Views} views") : "";
        context.WriteLine(Results.Count + Skipped.Count == 1
            ? string.Create(CultureInfo.InvariantCulture, $"1 image in {1000 * Time.TotalSeconds:0.0} ms{views}{(Cold ? $", a {ColdStart}; 'alexnet bench' times the network alone" : "")}")
            : string.Create(CultureInfo.InvariantCulture,
                $"{Results.Count} images in {Time.TotalSeconds:0.00} s{views}: {1000 * SecondsEach:0.0} ms per image, {1 / SecondsEach:0.0} images/s, decoding{(Cold ? $" and a {ColdStart}" : "")} included")
                + (Skipped.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {Skipped.Count} skipped") : ""));
    }

    /// <summary>Returns the report as JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteString("network", Classifier.Model.Network.Name);
            json.WriteNumber("views", Views);
            json.WriteNumber("threads", Threads);
            json.WriteNumber("seconds", Time.TotalSeconds);
            json.WriteBoolean("coldStart", Cold);
            json.WriteNumber("imagesPerSecond", 1 / SecondsEach);
            json.WriteStartArray("images");
            foreach (FileResult<Prediction[]> image in Results)
            {
                json.WriteStartObject();
                json.WriteString("path", image.Path);
                json.WriteStartArray("classes");
                foreach (Prediction prediction in image.GetOrThrow())
                {
                    json.WriteStartObject();
                    json.WriteNumber("index", prediction.Index);
                    json.WriteString("id", prediction.Id);
                    json.WriteString("name", prediction.Name);
                    json.WriteNumber("probability", prediction.Probability);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            SkippedImages.Write(json, Skipped.Select(image => (image.Path, image.Error!.Message)));
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Describe(Prediction prediction) =>
        prediction.Name == prediction.Id ? prediction.Name : $"{prediction.Name} ({prediction.Id})";
}

/// <summary>The part of a report that lists images without a result.</summary>
internal static class SkippedImages
{
    /// <summary>Writes <c>"skipped": [{"path", "reason"}, …]</c>.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<(string Path, string Reason)> skipped)
    {
        json.WriteStartArray("skipped");
        foreach ((string path, string reason) in skipped)
        {
            json.WriteStartObject();
            json.WriteString("path", path);
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
