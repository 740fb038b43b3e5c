using System.Text.Json.Serialization;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>What a checkpoint says about its training; stored as JSON in the metadata, beside what every model file says.</summary>
/// <param name="Seed">Key of all random numbers of the training.</param>
/// <param name="State">Where the training stood.</param>
internal sealed record CheckpointHeader(ulong Seed, TrainingState State)
{
    /// <summary>What the training learns from, and in which portions; null in files of earlier versions.</summary>
    [JsonPropertyName("pictures")]
    public CheckpointImages? Images { get; init; }
}

/// <summary>The images of a training, as far as its result depends on them: it cannot go on with others.</summary>
/// <param name="Count">Images of an epoch.</param>
/// <param name="BatchSize">Images per batch.</param>
/// <param name="MicroBatch">Images that are computed at once.</param>
/// <param name="Fingerprint">Which images they are, <see cref="IBatchSource.Fingerprint"/>.</param>
internal sealed record CheckpointImages(int Count, int BatchSize, int MicroBatch, string? Fingerprint);

/// <summary>Serialization of <see cref="CheckpointHeader"/> without reflection; numbers come back as the same bits.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CheckpointHeader))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
