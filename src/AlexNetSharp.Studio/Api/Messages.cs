using System.Text.Json.Serialization;

namespace AlexNetSharp.Studio.Api;

/// <summary>What went wrong, for the user.</summary>
internal sealed record Problem(string Error);

/// <summary>What there is to see.</summary>
internal sealed record Status(
    string? Model, string State, string? Error, string? Network, long Parameters, int Classes, int CropWidth, int CropHeight, int Images, int ImagesDone, bool HasFolder, int Runs);

/// <summary>A class of an answer.</summary>
internal sealed record ClassBar(int Index, string Id, string Name, float Probability);

/// <summary>Milliseconds of an image.</summary>
internal sealed record Times(double Decode, double Prepare, double Wait, double Compute);

/// <summary>An answer about an image.</summary>
internal sealed record Classified(string? Image, int Width, int Height, IReadOnlyList<ClassBar> Classes, Times Times, string? Crop);

/// <summary>A layer of the network.</summary>
internal sealed record LayerRow(string Name, string Kind, string Details, int Height, int Width, int Channels, bool IsVector, long Parameters, long MultiplyAdds, double Milliseconds, bool HasFilters);

/// <summary>All layers.</summary>
internal sealed record LayerTable(string Network, int Height, int Width, int Channels, IReadOnlyList<LayerRow> Layers);

/// <summary>Maps of a layer, 8 bits a value, the strongest first.</summary>
internal sealed record MapSheet(string Layer, int Height, int Width, int Count, IReadOnlyList<int> Order, IReadOnlyList<float> Strength, string Data, float Minimum, float Maximum, IReadOnlyList<int> Histogram);

/// <summary>Filters of a layer, red, green and blue.</summary>
internal sealed record FilterSheet(string Layer, int Size, int Count, string Data);

/// <summary>Why a class: values from -1 to 1 as signed bytes.</summary>
internal sealed record Evidence(string Method, int Class, string Name, int Height, int Width, string Data, double Milliseconds);

/// <summary>An image of the folder.</summary>
internal sealed record Near(int Id, string Name, float Distance);

/// <summary>The nearest images.</summary>
internal sealed record NearSheet(IReadOnlyList<Near> Images, int Searched);

/// <summary>A run in the list.</summary>
internal sealed record RunRow(int Id, string Name, int Epochs, double? TopOne, double? Loss, bool IsRunning, long Changed);

/// <summary>The numbers of a run.</summary>
internal sealed record RunTable(
    int Id, string Name, IReadOnlyDictionary<string, double?[]> Epochs, IReadOnlyDictionary<string, double?[]> Steps, IReadOnlyDictionary<string, string> Settings,
    int? EpochsWanted, double? SecondsLeft, bool IsRunning, long Changed);

/// <summary>How all of them become JSON.</summary>
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(Classified))]
[JsonSerializable(typeof(LayerTable))]
[JsonSerializable(typeof(MapSheet))]
[JsonSerializable(typeof(FilterSheet))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(NearSheet))]
[JsonSerializable(typeof(RunRow[]))]
[JsonSerializable(typeof(RunTable))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
internal sealed partial class StudioJson : JsonSerializerContext;
