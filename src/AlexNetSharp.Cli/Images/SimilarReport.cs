using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using Spectre.Console;

namespace AlexNetSharp.Cli.Images;

/// <summary>Images that are like another one, as text and as JSON.</summary>
/// <param name="Model">Path of the model.</param>
/// <param name="Extractor">What made the features.</param>
/// <param name="Query">The image that was asked for.</param>
/// <param name="Library">The images that were searched.</param>
/// <param name="Nearest">The nearest of them.</param>
internal sealed record SimilarReport(
    string Model, FeatureExtractor Extractor, string Query, ImageLibrary Library, IReadOnlyList<Neighbor> Nearest)
{
    /// <summary>Prints a table.</summary>
    public void Print(CommandContext context)
    {
        Table table = Tables.Create(">distance", "image");
        foreach (Neighbor neighbor in Nearest)
            table.Row(neighbor.Distance.ToString("0.000", CultureInfo.InvariantCulture), neighbor.Path);
        context.WriteTable(table);
        context.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Library.Count} images by the {Extractor.Length} features of {Extractor.Layer}; {Library.Computed} computed now, {Library.Cached} from the cache"));
    }

    /// <summary>Everything as JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteString("network", Extractor.Network.Name);
            json.WriteString("layer", Extractor.Layer);
            json.WriteNumber("features", Extractor.Length);
            json.WriteString("query", Query);
            json.WriteNumber("images", Library.Count);
            json.WriteNumber("computed", Library.Computed);
            json.WriteStartArray("nearest");
            foreach (Neighbor neighbor in Nearest)
            {
                json.WriteStartObject();
                json.WriteString("path", neighbor.Path);
                json.WriteNumber("distance", neighbor.Distance);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            SkippedImages.Write(json, Library.Skipped.Select(image => (image.Path, image.Error!.Message)));
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
