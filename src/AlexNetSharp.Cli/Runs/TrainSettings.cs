using System.Text.Json;
using System.Text.Json.Serialization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Everything that is needed to repeat a training: what <c>config.json</c> of a run folder holds. Made by the options of <c>alexnet train</c>.</summary>
internal sealed record TrainSettings
{
    public required string Data { get; init; }

    public string? ValidationPath { get; init; }

    public double? ValidationSplit { get; init; }

    public bool SkipBad { get; init; }

    public required string Network { get; init; }

    public int? ImageSize { get; init; }

    /// <summary>Initial values: the network's own, or those of <see cref="Initialization"/>.</summary>
    public required string Initial { get; init; }

    /// <summary>What is subtracted and divided by: <c>pixel</c>, <c>channel</c>, <c>none</c>.</summary>
    public required string Normalize { get; init; }

    /// <summary>How images are brought to size: <c>shorter</c>, <c>square</c>, <c>none</c>.</summary>
    public required string Resize { get; init; }

    public int? ResizeTo { get; init; }

    public bool RandomCrop { get; init; }

    public int CropPadding { get; init; }

    public bool RandomResizedCrop { get; init; }

    public bool Flip { get; init; }

    public bool ColorPca { get; init; }

    public required int Epochs { get; init; }

    public int ValidationEpochs { get; init; } = 1;

    public required int BatchSize { get; init; }

    public int MicroBatch { get; init; }

    public required double LearningRate { get; init; }

    public required string Schedule { get; init; }

    public IReadOnlyList<int> Milestones { get; init; } = [];

    public int StepEpochs { get; init; }

    public double Gamma { get; init; }

    public int Patience { get; init; }

    public double MinimumRate { get; init; }

    public long WarmupSteps { get; init; }

    public double Momentum { get; init; }

    public double WeightDecay { get; init; }

    public double ClipNorm { get; init; }

    public double LabelSmoothing { get; init; }

    public required ulong Seed { get; init; }

    public int Threads { get; init; }

    public long CacheMegabytes { get; init; }

    public int CheckpointEpochs { get; init; } = 1;

    public int CheckpointSteps { get; init; }

    /// <summary>Version of the program that wrote the file.</summary>
    public string Version { get; init; } = "";

    /// <summary>Whether a network is one of cuda-convnet's for small images, which come with rates and a normalization of their own.</summary>
    public static bool IsCudaConvnet(string network) => NetworkCatalog.Get(network).AnyChannels;

    /// <summary>A setting that another one leaves without effect, or null.</summary>
    [JsonIgnore]
    public string? Pointless => this switch
    {
        { Schedule: "step" } when StepEpochs >= Epochs =>
            FormattableString.Invariant($"--schedule step never drops the rate: --step-epochs {StepEpochs} must be below --epochs {Epochs}"),
        { Schedule: "multi-step" } when Milestones.Zip(Milestones.Skip(1)).Any(pair => pair.First >= pair.Second) || Milestones.Any(m => m < 1 || m >= Epochs) =>
            FormattableString.Invariant($"--milestones must rise and lie between 0 and --epochs {Epochs}, but are {string.Join(',', Milestones)}"),
        { Schedule: "cosine" } when MinimumRate >= LearningRate =>
            FormattableString.Invariant($"--minimum-rate {MinimumRate} must be below --learning-rate {LearningRate}"),
        _ when MicroBatch > BatchSize => FormattableString.Invariant($"--micro-batch {MicroBatch} must not exceed --batch-size {BatchSize}"),
        _ => null,
    };

    /// <summary>The rate as a function of the epoch.</summary>
    public LearningRateSchedule CreateSchedule()
    {
        LearningRateSchedule schedule = Schedule switch
        {
            "constant" => new ConstantRate(LearningRate),
            "step" => new StepRate(LearningRate, StepEpochs, Gamma),
            "multi-step" => new MultiStepRate(LearningRate, Milestones, Gamma),
            "cosine" => new CosineRate(LearningRate, Epochs, MinimumRate),
            "plateau" => new PlateauRate(LearningRate, Patience, Gamma),
            _ => throw new InvalidDataException($"there is no schedule '{Schedule}'"),
        };
        return schedule with { WarmupSteps = WarmupSteps };
    }

    /// <summary>Where a run keeps its settings.</summary>
    public static string PathOf(string run) => Path.Combine(run, "config.json");

    /// <summary>Writes <c>config.json</c>, whole or not at all.</summary>
    public void Save(string run) =>
        OutputFile.Write("--out", PathOf(run), [.. JsonSerializer.SerializeToUtf8Bytes(this, TrainSettingsJson.Default.TrainSettings), (byte)'\n']);

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">There is none.</exception>
    public static TrainSettings Load(string run)
    {
        string path = PathOf(run);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{run}: no run of a training (there is no config.json in it)");
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TrainSettingsJson.Default.TrainSettings)
                ?? throw new InvalidDataException($"{path}: the file is empty");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }
}

/// <summary>JSON of <see cref="TrainSettings"/>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TrainSettings))]
internal sealed partial class TrainSettingsJson : JsonSerializerContext;
