using System.Text.Json.Serialization;

namespace AlexNetSharp.AspNetCore;

/// <summary>A class in a response of the service.</summary>
/// <param name="Index">Index of the class, starting at 0.</param>
/// <param name="Id">Short identifier; for ImageNet, the WordNet ID.</param>
/// <param name="Name">Human-readable name.</param>
/// <param name="Probability">Probability, 0 to 1.</param>
public sealed record ClassPrediction(int Index, string Id, string Name, float Probability);

/// <summary>JSON serialization of the responses.</summary>
[JsonSerializable(typeof(ClassPrediction[]))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ClassifyJson : JsonSerializerContext;
