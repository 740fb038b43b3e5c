using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Formats;

/// <summary>The texts that a model file carries beside its tensors, in safetensors' __metadata__ and in ONNX's metadata_props alike.</summary>
/// <param name="Network">Name of the network; null if the file does not say.</param>
/// <param name="Input">Shape of an image.</param>
/// <param name="Classes">The classes; empty if the file does not say.</param>
/// <param name="Preprocessing">What happens to an image, as JSON; empty if the file does not say.</param>
internal sealed record ModelMetadata(string? Network, Shape? Input, IReadOnlyList<ClassName> Classes, string Preprocessing)
{
    private const string Prefix = "alexnetsharp.";
    private const string NetworkKey = Prefix + "network", InputKey = Prefix + "input", PreprocessingKey = Prefix + "preprocessing";
    private const string ClassesKey = Prefix + "classes", ClassIdsKey = Prefix + "class_ids";

    /// <summary>Where a training's checkpoint keeps its header.</summary>
    public const string TrainingKey = Prefix + "training";

    /// <summary>The texts that describe <paramref name="model"/>.</summary>
    public static Dictionary<string, string> Describe(Model model)
    {
        Shape input = model.Network.InputShape;
        var metadata = new Dictionary<string, string>
        {
            [NetworkKey] = model.Network.Name,
            [InputKey] = string.Create(CultureInfo.InvariantCulture, $"[{input.Height},{input.Width},{input.Channels}]"),
        };
        if (model.Preprocessing.Length > 0)
            metadata[PreprocessingKey] = model.Preprocessing;
        if (model.Classes.Count > 0)
        {
            metadata[ClassesKey] = JsonSerializer.Serialize([.. model.Classes.Select(c => c.Name)], MetadataJson.Default.StringArray);
            metadata[ClassIdsKey] = JsonSerializer.Serialize([.. model.Classes.Select(c => c.Id)], MetadataJson.Default.StringArray);
        }
        return metadata;
    }

    /// <summary>Reads the texts of <paramref name="file"/>: ours, or those of a training's checkpoint.</summary>
    /// <exception cref="InvalidDataException">A text is not what it should be.</exception>
    public static ModelMetadata Read(TensorFile file)
    {
        try
        {
            if (file.Metadata.TryGetValue(TrainingKey, out string? training))
            {
                CheckpointTexts texts = JsonSerializer.Deserialize(training, MetadataJson.Default.CheckpointTexts) ?? throw new JsonException();
                return new ModelMetadata(texts.Network, Size(texts.Input), [.. Names(texts.Classes).Select(name => new ClassName(name, name))], texts.Preprocessing ?? "");
            }
            string[] names = Names(file, ClassesKey), ids = Names(file, ClassIdsKey);
            if (ids.Length != 0 && ids.Length != names.Length)
                throw new JsonException();
            int[]? input = file.Metadata.TryGetValue(InputKey, out string? text) ? JsonSerializer.Deserialize(text, MetadataJson.Default.Int32Array) : null;
            return new ModelMetadata(
                file.Metadata.GetValueOrDefault(NetworkKey),
                Size(input),
                [.. names.Select((name, i) => new ClassName(ids.Length == 0 ? name : ids[i], name))],
                file.Metadata.GetValueOrDefault(PreprocessingKey, ""));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw FormatError.At(file.Path, 0, $"the metadata {Prefix}… cannot be read; convert or train the model again");
        }
    }

    private static string[] Names(TensorFile file, string key) =>
        file.Metadata.TryGetValue(key, out string? text) ? Names(JsonSerializer.Deserialize(text, MetadataJson.Default.StringArray) ?? throw new JsonException()) : [];

    private static string[] Names(string[]? names) =>
        names is null ? [] : names.All(ClassNames.IsName) ? names : throw new JsonException();

    private static Shape? Size(int[]? input) => input switch
    {
        null => null,
        [int height, int width, int channels] => new Shape(height, width, channels),
        _ => throw new JsonException(),
    };

    /// <summary>What a checkpoint says about its network.</summary>
    internal sealed record CheckpointTexts(string? Network, int[]? Input, string[]? Classes, string? Preprocessing);
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(ModelMetadata.CheckpointTexts))]
internal sealed partial class MetadataJson : JsonSerializerContext;
