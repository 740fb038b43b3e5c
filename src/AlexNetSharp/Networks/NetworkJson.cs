using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>A network as JSON, there and back: version, name, input, and one object a layer (<see cref="LayerSchema"/>).</summary>
internal static class NetworkJson
{
    /// <summary>Rises when a reader of this version could not read what is written, or would read something else.</summary>
    private const int Version = 1;

    // More than any chain of layers has; a file cannot make us build a million.
    private const int MostLayers = 1000;

    private static readonly JsonDocumentOptions s_document = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Writes <paramref name="network"/> as one object.</summary>
    public static void Write(Utf8JsonWriter json, Network network)
    {
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("name", network.Name);
        json.WriteStartArray("input");
        Shape input = network.InputShape;
        foreach (int size in input.IsVector ? (int[])[input.Channels] : [input.Height, input.Width, input.Channels])
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("layers");
        foreach (Layer layer in network.Layers)
        {
            LayerSchema schema = LayerSchema.All.First(schema => schema.Layer == layer.GetType());
            json.WriteStartObject();
            json.WriteString("type", schema.Type);
            json.WriteString("name", layer.Name);
            schema.Write(layer, json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The text of <paramref name="network"/>, one line a field.</summary>
    public static string ToText(Network network)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            Write(json, network);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads a network.</summary>
    /// <param name="utf8">The JSON object; comments and trailing commas are allowed.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidDataException">It is no network; the message names line, layer and field.</exception>
    public static Network Read(ReadOnlyMemory<byte> utf8, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, s_document);
            return Read(document.RootElement, utf8.Span, source);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"{source}: line {e.LineNumber + 1}: this is not JSON (byte {e.BytePositionInLine + 1} of the line)"), e);
        }
    }

    private static Network Read(JsonElement element, ReadOnlySpan<byte> utf8, string source)
    {
        var fields = new JsonFields(element, $"{source}: network");
        int version = fields.Int("version");
        if (version != Version)
            throw fields.Error(FormattableString.Invariant($"version {version} is not supported; this program reads version {Version}"));
        string name = fields.Text("name");
        Shape input = fields.Ints("input") switch
        {
            [> 0 and int height, > 0 and int width, > 0 and int channels] => new Shape(height, width, channels),
            [> 0 and int features] => Shape.Vector(features),
            _ => throw fields.Error("'input' must be [height, width, channels], each at least 1"),
        };
        JsonElement list = fields.Required("layers");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is < 1 or > MostLayers)
            throw fields.Wrong("layers", FormattableString.Invariant($"a list of 1 to {MostLayers} layers"), list);
        fields.End();
        int[] lines = LinesOfLayers(utf8);
        Layer[] layers = [.. list.EnumerateArray().Select((layer, i) => ReadLayer(layer, FormattableString.Invariant($"{source}: line {lines[i]}: layer {i + 1}"), source, lines[i]))];
        try
        {
            return new Network(name, input, layers);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            // The message names the layer.
            int at = Array.FindIndex(layers, layer => e.Message.Contains($"'{layer.Name}'", StringComparison.Ordinal));
            throw new InvalidDataException(FormattableString.Invariant($"{source}:{(at < 0 ? "" : FormattableString.Invariant($" line {lines[at]}:"))} {e.Message}"), e);
        }
    }

    private static Layer ReadLayer(JsonElement element, string where, string source, int line)
    {
        var fields = new JsonFields(element, where);
        string type = fields.Text("type");
        LayerSchema schema = LayerSchema.All.FirstOrDefault(schema => schema.Type == type)
            ?? throw fields.Error($"'{type}' is not a known type of layer; known are {string.Join(", ", LayerSchema.All.Select(schema => schema.Type))}");
        string name = fields.Text("name");
        fields = new JsonFields(element, FormattableString.Invariant($"{source}: line {line}: layer '{name}'"));
        fields.Take("type");
        fields.Take("name");
        Layer layer = schema.Read(name, fields);
        fields.End();
        return layer;
    }

    /// <summary>The line on which each object of the field "layers" begins, from 1.</summary>
    private static int[] LinesOfLayers(ReadOnlySpan<byte> utf8)
    {
        var lines = new List<int>();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        bool inside = false;
        int line = 1;
        long counted = 0;
        while (reader.Read())
        {
            if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
                inside = reader.ValueTextEquals("layers");
            if (!inside || reader.CurrentDepth != 2 || reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                continue;
            line += utf8[(int)counted..(int)reader.TokenStartIndex].Count((byte)'\n');
            counted = reader.TokenStartIndex;
            lines.Add(line);
        }
        return [.. lines];
    }
}
