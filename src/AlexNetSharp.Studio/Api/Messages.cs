using System.Text.Json.Serialization;
using AlexNetSharp.Studio.Benchmarking;

namespace AlexNetSharp.Studio.Api;

/// <summary>An error message for the user.</summary>
internal sealed record Problem(string Error);

/// <summary>State of the studio.</summary>
internal sealed record Status(
    string? Model, string State, string? Error, string? Network, long Parameters, int Classes, int CropWidth, int CropHeight, int Images, int ImagesDone, bool HasFolder, int Runs,
    string? SaveFolder);

/// <summary>A class and its probability.</summary>
internal sealed record ClassBar(int Index, string Id, string Name, float Probability);

/// <summary>Times spent on an image, in milliseconds.</summary>
internal sealed record Times(double Decode, double Prepare, double Wait, double Compute);

/// <summary>The classes of an image.</summary>
internal sealed record Classified(string? Image, int Width, int Height, IReadOnlyList<ClassBar> Classes, Times Times, string? Crop);

/// <summary>A layer of the network.</summary>
internal sealed record LayerRow(string Name, string Kind, string Details, int Height, int Width, int Channels, bool IsVector, long Parameters, long MultiplyAdds, double Milliseconds, bool HasFilters);

/// <summary>All layers.</summary>
internal sealed record LayerTable(string Network, int Height, int Width, int Channels, IReadOnlyList<LayerRow> Layers);

/// <summary>Feature maps of a layer, 8 bits per value, the strongest first.</summary>
internal sealed record MapSheet(string Layer, int Height, int Width, int Count, IReadOnlyList<int> Order, IReadOnlyList<float> Strength, string Data, float Minimum, float Maximum, IReadOnlyList<int> Histogram);

/// <summary>Filters of a layer, in RGB.</summary>
internal sealed record FilterSheet(string Layer, int Size, int Count, string Data);

/// <summary>Evidence for a class: values from -1 to 1 as signed bytes.</summary>
internal sealed record Evidence(string Method, int Class, string Name, int Height, int Width, string Data, double Milliseconds);

/// <summary>An image in the folder, and its distance.</summary>
internal sealed record Near(int Id, string Name, float Distance);

/// <summary>The nearest images.</summary>
internal sealed record NearSheet(IReadOnlyList<Near> Images, int Searched);

/// <summary>An image that activates a map, and its largest value there.</summary>
internal sealed record Excited(int Id, string Name, float Value);

/// <summary>The images that activate a map most, with the number of images processed and their total number.</summary>
internal sealed record ExcitedSheet(IReadOnlyList<Excited> Images, int Searched, int Count);

/// <summary>A row in the list of runs.</summary>
internal sealed record RunRow(int Id, string Name, int Epochs, double? TopOne, double? Loss, bool IsRunning, long Changed);

/// <summary>The metrics and settings of a run.</summary>
internal sealed record RunTable(
    int Id, string Name, IReadOnlyDictionary<string, double?[]> Epochs, IReadOnlyDictionary<string, double?[]> Steps, IReadOnlyDictionary<string, string> Settings,
    int? EpochsWanted, double? SecondsLeft, bool IsRunning, long Changed)
{
    public bool CanStop { get; init; }

    public bool CanContinue { get; init; }

    /// <summary>Whether the run has weights, so that its mistakes can be shown.</summary>
    public bool CanEvaluate { get; init; }

    /// <summary>Why training continued here failed.</summary>
    public string? Problem { get; init; }
}

/// <summary>A misclassified image.</summary>
internal sealed record EvaluationMistake(string Name, int Label, int Predicted, double Probability);

/// <summary>State of the evaluation of a run; the phase is none, running, done, failed.</summary>
internal sealed record EvaluationState(int Run, string Phase)
{
    public string? Error { get; init; }

    public int Done { get; init; }

    public int Count { get; init; }

    public string? Description { get; init; }

    public double TopOne { get; init; }

    public double Loss { get; init; }

    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Confusion matrix, row by row; empty if there are too many classes to display.</summary>
    public IReadOnlyList<long> Confusion { get; init; } = [];

    public IReadOnlyList<EvaluationMistake> Mistakes { get; init; } = [];

    public int Width { get; init; }

    public int Height { get; init; }
}

/// <summary>ID of a new teaching session.</summary>
internal sealed record TeachOpened(string Id);

/// <summary>Number of an image that was added.</summary>
internal sealed record TeachAdded(int Image);

/// <summary>Classes to train, and number of epochs.</summary>
internal sealed record TrainRequest(IReadOnlyList<ClassRequest?>? Classes, int Epochs);

/// <summary>A class to train: its number on the page, and its name.</summary>
internal sealed record ClassRequest(int Number, string? Name);

/// <summary>Metrics of an epoch; no validation metrics if no images were held out.</summary>
internal sealed record TeachPoint(int Epoch, double Loss, double Top1, double? HeldOutLoss, double? HeldOutTop1);

/// <summary>A misclassified image: number of the image, indices of the classes.</summary>
internal sealed record TeachMistake(int Image, int Label, int Predicted, double Probability);

/// <summary>State of the training on the page; the phase is collecting, training, trained, failed.</summary>
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

    /// <summary>Confusion matrix, row by row: rows are actual classes, columns predicted ones.</summary>
    public IReadOnlyList<long> Confusion { get; init; } = [];

    public IReadOnlyList<TeachMistake> Mistakes { get; init; } = [];
}

/// <summary>The taught classes of an image.</summary>
internal sealed record TaughtAnswer(IReadOnlyList<ClassBar> Classes, double Milliseconds);

/// <summary>Name of a saved run.</summary>
internal sealed record TeachSaved(string Name);

/// <summary>State of the benchmark; the phase is idle, running, done, failed.</summary>
internal sealed record BenchState(string Phase, string? Machine)
{
    public string? Error { get; init; }

    public BenchStep? Step { get; init; }

    public BenchOutcome? Outcome { get; init; }
}

/// <summary>Two files of <c>alexnet bench --json</c>.</summary>
internal sealed record CompareRequest(string FirstName, string First, string OtherName, string Other);

/// <summary>JSON serialization of all messages.</summary>
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
