using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>What a model file says beside its tensors: one JSON text in safetensors' __metadata__ and in ONNX's metadata_props alike.</summary>
/// <param name="Network">The network, complete; null if the file does not carry it.</param>
/// <param name="Preprocessing">What happens to an image; null if the file does not say.</param>
/// <param name="Classes">The classes; empty if the file does not say.</param>
internal sealed record ModelMetadata(Network? Network, Preprocessing? Preprocessing, IReadOnlyList<ClassName> Classes)
{
    /// <summary>The prefix of our keys.</summary>
    public const string Prefix = "alexnetsharp.";

    /// <summary>Where a training's checkpoint keeps its state.</summary>
    public const string TrainingKey = Prefix + "training";

    private const string ModelKey = Prefix + "model";
    private const int Version = 1;

    private static readonly JsonDocumentOptions s_document = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Name of the network, for files of earlier versions, which carried no more than that.</summary>
    public string? NetworkName { get; init; }

    /// <summary>Shape of an image in those files: height, width, channels.</summary>
    public Tensors.Shape? Input { get; init; }

    /// <summary>The text that describes <paramref name="model"/>, under its key.</summary>
    public static Dictionary<string, string> Describe(Model model)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WritePropertyName("network");
            NetworkJson.Write(json, model.Network);
            if (model.Preprocessing is { } preprocessing)
            {
                json.WritePropertyName("preprocessing");
                JsonSerializer.Serialize(json, preprocessing, ModelJson.Default.Preprocessing);
            }
            if (model.Classes.Count > 0)
            {
                json.WritePropertyName("classes");
                JsonSerializer.Serialize(json, model.Classes, ModelJson.Default.IReadOnlyListClassName);
            }
            json.WriteEndObject();
        }
        return new() { [ModelKey] = Encoding.UTF8.GetString(buffer.WrittenSpan) };
    }

    /// <summary>Reads the text of <paramref name="file"/>, or the texts of files of earlier versions.</summary>
    /// <exception cref="InvalidDataException">A text is not what it should be; the message names the file and the fault.</exception>
    public static ModelMetadata Read(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(ModelKey, out string? text))
            return EarlierMetadata.Read(file);
        return Parse(Encoding.UTF8.GetBytes(text), $"{file.Path}: metadata {ModelKey}");
    }

    /// <summary>Reads such a text.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidDataException">It is not what it should be; the message names the fault.</exception>
    public static ModelMetadata Parse(ReadOnlyMemory<byte> utf8, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, s_document);
            var fields = new JsonFields(document.RootElement, source);
            int version = fields.Int("version");
            if (version != Version)
                throw fields.Error(FormattableString.Invariant($"version {version} is not supported; this program reads version {Version}: use a newer one"));
            Network network = NetworkJson.Read(Encoding.UTF8.GetBytes(fields.Required("network").GetRawText()), source, NetworkJson.LineOf(utf8.Span, "network"));
            Preprocessing? preprocessing = fields.Take("preprocessing")?.Deserialize(ModelJson.Default.Preprocessing);
            ClassName[] classes = fields.Take("classes")?.Deserialize(ModelJson.Default.ClassNameArray) ?? [];
            fields.End();
            if (Array.Exists(classes, c => c is null))
                throw fields.Error("a class is null; each has an id and a name");
            preprocessing?.Validate();
            Model.Check(network, preprocessing, classes);
            return new ModelMetadata(network, preprocessing, classes);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"{source}: {Diagnostics.Printable.Of(e.Message)}", e);
        }
    }
}

/// <summary>JSON of what models carry, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Preprocessing))]
[JsonSerializable(typeof(IReadOnlyList<ClassName>))]
[JsonSerializable(typeof(ClassName[]))]
internal sealed partial class ModelJson : JsonSerializerContext;
