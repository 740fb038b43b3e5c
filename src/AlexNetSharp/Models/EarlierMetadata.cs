using System.Text.Json;
using System.Text.Json.Serialization;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The texts of model files and checkpoints that were written before files carried their network: name, input, classes, preprocessing.</summary>
internal static class EarlierMetadata
{
    private const string Prefix = ModelMetadata.Prefix;

    /// <summary>Reads them; all may be missing.</summary>
    /// <exception cref="InvalidDataException">A text is not what it should be.</exception>
    public static ModelMetadata Read(TensorFile file)
    {
        try
        {
            if (file.Metadata.TryGetValue(ModelMetadata.TrainingKey, out string? training))
            {
                CheckpointTexts texts = JsonSerializer.Deserialize(training, EarlierJson.Default.CheckpointTexts) ?? throw new JsonException("the state of the training is empty");
                return Checked(texts.Network, texts.Input, [.. (texts.Classes ?? []).Select(name => new ClassName(name, name))], PreprocessingOf(texts.Preprocessing));
            }
            string[] names = Texts(file, "classes"), ids = Texts(file, "class_ids");
            if (ids.Length != 0 && ids.Length != names.Length)
                throw new JsonException(FormattableString.Invariant($"{names.Length} classes have {ids.Length} ids"));
            int[]? input = file.Metadata.TryGetValue(Prefix + "input", out string? text) ? JsonSerializer.Deserialize(text, EarlierJson.Default.Int32Array) : null;
            return Checked(
                file.Metadata.GetValueOrDefault(Prefix + "network"),
                input,
                [.. names.Select((name, i) => new ClassName(ids.Length == 0 ? name : ids[i], name))],
                PreprocessingOf(file.Metadata.GetValueOrDefault(Prefix + "preprocessing")));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw FormatError.At(file.Path, 0, $"the metadata {Prefix}… cannot be read: {Diagnostics.Printable.Of(e.Message)}");
        }
    }

    private static ModelMetadata Checked(string? network, int[]? input, ClassName[] classes, Preprocessing? preprocessing)
    {
        if (!classes.SelectMany(c => (string[])[c.Id, c.Name]).All(ClassNames.IsName))
            throw new JsonException("the name of a class is missing, too long or holds control characters");
        Shape? shape = input switch
        {
            null => null,
            [int height, int width, int channels] => new Shape(height, width, channels),
            _ => throw new JsonException("the input must have height, width and channels"),
        };
        return new ModelMetadata(null, preprocessing, classes) { NetworkName = network, Input = shape };
    }

    private static string[] Texts(TensorFile file, string key) =>
        file.Metadata.TryGetValue(Prefix + key, out string? text) ? JsonSerializer.Deserialize(text, EarlierJson.Default.StringArray) ?? [] : [];

    private static Preprocessing? PreprocessingOf(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        PreprocessingTexts texts = JsonSerializer.Deserialize(json, EarlierPreprocessingJson.Default.PreprocessingTexts) ?? throw new JsonException("the preprocessing is null");
        var plain = new Preprocessing();
        Preprocessing preprocessing = plain with
        {
            Resize = Enum.Parse<ResizeMode>(texts.Resize ?? nameof(ResizeMode.ShorterSide)),
            ResizeTo = texts.ResizeTo ?? plain.ResizeTo,
            CropHeight = texts.CropHeight ?? plain.CropHeight,
            CropWidth = texts.CropWidth ?? plain.CropWidth,
            ChannelOrder = texts.ChannelOrder == "Grey" ? ChannelOrder.Gray : Enum.Parse<ChannelOrder>(texts.ChannelOrder ?? nameof(ChannelOrder.Rgb)),
            Scale = texts.Scale ?? plain.Scale,
            Mean = [.. texts.Mean ?? []],
            StandardDeviation = [.. texts.Deviation ?? []],
        };
        preprocessing.Validate();
        return preprocessing;
    }

    /// <summary>What a checkpoint said about its network.</summary>
    internal sealed record CheckpointTexts(string? Network, int[]? Input, string[]? Classes, string? Preprocessing);

    /// <summary>The preprocessing, as a JSON text inside the JSON.</summary>
    internal sealed record PreprocessingTexts(
        string? Resize, int? ResizeTo, int? CropHeight, int? CropWidth, string? ChannelOrder, float? Scale, float[]? Mean, float[]? Deviation);
}

/// <summary>JSON of checkpoints and model files of earlier versions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(EarlierMetadata.CheckpointTexts))]
internal sealed partial class EarlierJson : JsonSerializerContext;

/// <summary>JSON of their preprocessing.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EarlierMetadata.PreprocessingTexts))]
internal sealed partial class EarlierPreprocessingJson : JsonSerializerContext;
