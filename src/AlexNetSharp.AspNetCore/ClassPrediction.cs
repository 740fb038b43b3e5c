using System.Text.Json.Serialization;

namespace AlexNetSharp.AspNetCore;

/// <summary>One of the classes in an answer of the service.</summary>
/// <param name="Index">Number of the class, from 0.</param>
/// <param name="Id">Short identity: for ImageNet the WordNet id.</param>
/// <param name="Name">Name for humans.</param>
/// <param name="Probability">From 0 to 1.</param>
public sealed record ClassPrediction(int Index, string Id, string Name, float Probability);

/// <summary>How answers become JSON.</summary>
[JsonSerializable(typeof(ClassPrediction[]))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ClassifyJson : JsonSerializerContext;
