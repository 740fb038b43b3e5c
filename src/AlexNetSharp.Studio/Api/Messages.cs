using System.Text.Json.Serialization;
using AlexNetSharp.Studio.Benchmarking;

namespace AlexNetSharp.Studio.Api;

/// <summary>What went wrong, for the user.</summary>
internal sealed record Problem(string Error);

/// <summary>What there is to see.</summary>
internal sealed record Status(
    string? Model, string State, string? Error, string? Network, long Parameters, int Classes, int CropWidth, int CropHeight, int Images, int ImagesDone, bool HasFolder, int Runs,
    string? SaveFolder);

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

/// <summary>An image that excites a map, and how much.</summary>
internal sealed record Excited(int Id, string Name, float Value);

/// <summary>The images that excite a map most, and how many of how many were looked at.</summary>
internal sealed record ExcitedSheet(IReadOnlyList<Excited> Images, int Searched, int Count);

/// <summary>A run in the list.</summary>
internal sealed record RunRow(int Id, string Name, int Epochs, double? TopOne, double? Loss, bool IsRunning, long Changed);

/// <summary>The numbers of a run.</summary>
internal sealed record RunTable(
    int Id, string Name, IReadOnlyDictionary<string, double?[]> Epochs, IReadOnlyDictionary<string, double?[]> Steps, IReadOnlyDictionary<string, string> Settings,
    int? EpochsWanted, double? SecondsLeft, bool IsRunning, long Changed)
{
    public bool CanStop { get; init; }

    public bool CanContinue { get; init; }

    /// <summary>Whether it has weights, whose mistakes can be shown.</summary>
    public bool CanEvaluate { get; init; }

    /// <summary>Why a training that was continued here failed.</summary>
    public string? Problem { get; init; }
}

/// <summary>An image that was taken for another class.</summary>
internal sealed record EvaluationMistake(string Name, int Label, int Predicted, double Probability);

/// <summary>Where the evaluation of a run stands: none, running, done, failed.</summary>
internal sealed record EvaluationState(int Run, string Phase)
{
    public string? Error { get; init; }

    public int Done { get; init; }

    public int Count { get; init; }

    public string? Description { get; init; }

    public double TopOne { get; init; }

    public double Loss { get; init; }

    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Row by row; empty where there are too many classes to be looked at.</summary>
    public IReadOnlyList<long> Confusion { get; init; } = [];

    public IReadOnlyList<EvaluationMistake> Mistakes { get; init; } = [];

    public int Width { get; init; }

    public int Height { get; init; }
}

/// <summary>A page that teaches.</summary>
internal sealed record TeachOpened(string Id);

/// <summary>An image that was taken.</summary>
internal sealed record TeachAdded(int Image);

/// <summary>Classes to train, and how long.</summary>
internal sealed record TrainRequest(IReadOnlyList<ClassRequest?>? Classes, int Epochs);

/// <summary>A class to train: its number in the page, and its name.</summary>
internal sealed record ClassRequest(int Number, string? Name);

/// <summary>An epoch; no validation where no images were held out.</summary>
internal sealed record TeachPoint(int Epoch, double Loss, double Top1, double? HeldOutLoss, double? HeldOutTop1);

/// <summary>An image that was taken for another class: number of the image, indices of the classes.</summary>
internal sealed record TeachMistake(int Image, int Label, int Predicted, double Probability);

/// <summary>Where a training in the page stands: collecting, training, trained, failed.</summary>
internal sealed record TeachState(string Phase)
{
    public string? Error { get; init; }

    public int Epoch { get; init; }

    public int Epochs { get; init; }

    public double Seconds { get; init; }

    public int Learned { get; init; }

    public int HeldOut { get; init; }

    public IReadOnlyList<string> Classes { get; init; } = [];

    public IReadOnlyList<TeachPoint> History { get; init; } = [];

    /// <summary>Row by row: the actual class, in columns what it was taken for.</summary>
    public IReadOnlyList<long> Confusion { get; init; } = [];

    public IReadOnlyList<TeachMistake> Mistakes { get; init; } = [];
}

/// <summary>What became of an image by what was taught.</summary>
internal sealed record TaughtAnswer(IReadOnlyList<ClassBar> Classes, double Milliseconds);

/// <summary>A run that was saved.</summary>
internal sealed record TeachSaved(string Name);

/// <summary>Where the benchmark stands: idle, running, done, failed.</summary>
internal sealed record BenchState(string Phase, string? Machine)
{
    public string? Error { get; init; }

    public BenchStep? Step { get; init; }

    public BenchOutcome? Outcome { get; init; }
}

/// <summary>Two files of <c>alexnet bench --json</c>.</summary>
internal sealed record CompareRequest(string FirstName, string First, string OtherName, string Other);

/// <summary>How all of them become JSON.</summary>
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(Classified))]
[JsonSerializable(typeof(LayerTable))]
[JsonSerializable(typeof(MapSheet))]
[JsonSerializable(typeof(FilterSheet))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(NearSheet))]
[JsonSerializable(typeof(ExcitedSheet))]
[JsonSerializable(typeof(RunRow[]))]
[JsonSerializable(typeof(RunTable))]
[JsonSerializable(typeof(EvaluationState))]
[JsonSerializable(typeof(BenchState))]
[JsonSerializable(typeof(BenchRequest))]
[JsonSerializable(typeof(BenchDifference))]
[JsonSerializable(typeof(CompareRequest))]
[JsonSerializable(typeof(TeachOpened))]
[JsonSerializable(typeof(TeachAdded))]
[JsonSerializable(typeof(TrainRequest))]
[JsonSerializable(typeof(TeachState))]
[JsonSerializable(typeof(TaughtAnswer))]
[JsonSerializable(typeof(TeachSaved))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
internal sealed partial class StudioJson : JsonSerializerContext;
