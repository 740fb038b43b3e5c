using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using Spectre.Console;

namespace AlexNetSharp.Cli.Images;

/// <summary>Images similar to a query, as text and as JSON.</summary>
/// <param name="Model">Path of the model.</param>
/// <param name="Extractor">The feature extractor.</param>
/// <param name="Query">The query image.</param>
/// <param name="Library">The searched images.</param>
/// <param name="Nearest">The nearest images.</param>
internal sealed record SimilarReport(
    string Model, FeatureExtractor Extractor, string Query, ImageLibrary Library, IReadOnlyList<Neighbor> Nearest)
{
    /// <summary>Prints the report as a table.</summary>
    public void Print(CommandContext context)
    {
        Table table = Tables.Create(">distance", "image");
        foreach (Neighbor neighbor in Nearest)
            table.Row(neighbor.Distance.ToString("0.000", CultureInfo.InvariantCulture), neighbor.Path);
        context.WriteTable(table);
        context.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Library.Count} images by the {Extractor.Length} features of {Extractor.Layer}; {Library.Computed} computed, {Library.Cached} from the cache"));
    }

    /// <summary>Returns the report as JSON.</summary>
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
