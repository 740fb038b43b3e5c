using System.Text.Json.Serialization;

namespace AlexNetSharp.Training;

/// <summary>What a checkpoint says in words besides its tensors; stored as JSON in the metadata.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Input">Height, width and channels of an image.</param>
/// <param name="Classes">Names of the classes, in the order of the outputs.</param>
/// <param name="Preprocessing">What happens to an image before the network, as the data side describes it; may be empty.</param>
/// <param name="Seed">Key of all random numbers of the training.</param>
/// <param name="State">Where the training stood.</param>
public sealed record CheckpointHeader(
    string Network,
    IReadOnlyList<int> Input,
    IReadOnlyList<string> Classes,
    string Preprocessing,
    ulong Seed,
    TrainingState State)
{
    /// <summary>What the training learns from, and in which portions; null in files of earlier versions.</summary>
    [JsonPropertyName("pictures")]
    public CheckpointImages? Images { get; init; }
}

/// <summary>The images of a training, as far as its result depends on them: it cannot go on with others.</summary>
/// <param name="Count">Images of an epoch.</param>
/// <param name="BatchSize">Images of a batch.</param>
/// <param name="MicroBatch">Images that are computed at once.</param>
/// <param name="Fingerprint">Which images they are, <see cref="IBatchSource.Fingerprint"/>.</param>
public sealed record CheckpointImages(int Count, int BatchSize, int MicroBatch, string? Fingerprint);

/// <summary>Serialization of <see cref="CheckpointHeader"/> without reflection; numbers come back as the same bits.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CheckpointHeader))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
