using System.Buffers;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Everything needed to repeat a run: the content of <c>config.json</c> in a run folder.</summary>
/// <remarks>The default of a property is defined here; its option, limits and field are declared in <see cref="TrainOptions"/>.</remarks>
internal sealed record TrainSettings
{
    private static readonly string s_network = NetworkCatalog.Names[0];
    private static readonly TrainingRecipe s_recipe = TrainingRecipe.For(s_network);

    /// <summary>The settings before any option is applied.</summary>
    public static TrainSettings Default { get; } = new() { Data = "" };

    public required string Data { get; init; }

    /// <summary>The model that fine-tuning starts from; null to start from initial values.</summary>
    public string? From { get; init; }

    public bool NewHead { get; init; }

    /// <summary>The last frozen layer, <c>conv</c>, <c>all-but-last</c> or <c>none</c>; null to choose by the images.</summary>
    public string? Freeze { get; init; }

    /// <summary>Learning rate factors by layer, such as <c>fc6=0.1,fc7=0.1</c>; null for none.</summary>
    public string? Rates { get; init; }

    public double NewLayerRate { get; init; } = 10;

    /// <summary><c>sgd</c> or <c>adamw</c>.</summary>
    public string Optimizer { get; init; } = "sgd";

    /// <summary><c>none</c>, <c>balanced</c>, or <c>auto</c>: balanced if fine-tuning has classes of unequal size.</summary>
    public string ClassWeights { get; init; } = "none";

    /// <summary>Number of validations without a better loss after which training stops; 0 for never.</summary>
    public int StopPatience { get; init; }

    public string? ValidationPath { get; init; }

    public double? ValidationSplit { get; init; }

    public bool SkipBad { get; init; }

    /// <summary>Whether truncated images are rejected.</summary>
    public bool Strict { get; init; }

    /// <summary>Maximum width × height of an image; null for the decoder's default.</summary>
    public int? MaxPixels { get; init; }

    public string Network { get; init; } = s_network;

    public int? ImageSize { get; init; }

    /// <summary>Weight initialization: the network's own, or those of <see cref="Initialization"/>.</summary>
    public string Initial { get; init; } = s_recipe.Initial;

    /// <summary>Normalization: <c>pixel</c>, <c>channel</c>, <c>none</c>.</summary>
    public string Normalize { get; init; } = s_recipe.Normalize;

    /// <summary>How images are resized: <c>shorter</c>, <c>square</c>, <c>none</c>, or <c>auto</c> to choose by network and images.</summary>
    public string Resize { get; init; } = "auto";

    public int? ResizeTo { get; init; }

    public bool RandomCrop { get; init; }

    public int CropPadding { get; init; }

    public bool RandomResizedCrop { get; init; }

    public bool Flip { get; init; }

    public bool ColorPca { get; init; }

    public int Epochs { get; init; } = 20;

    public int ValidationEpochs { get; init; } = 1;

    public int BatchSize { get; init; } = 128;

    public int MicroBatch { get; init; }

    /// <summary>Images per part; the gradients of parts are summed in a fixed order; 0 for a single part with all images.</summary>
    public int PartSize { get; init; }

    /// <summary><c>auto</c>, <c>dense</c> or <c>factors</c>: what is exchanged for fully connected layers.</summary>
    public string Exchange { get; init; } = "auto";

    public double LearningRate { get; init; } = s_recipe.LearningRate;

    public string Schedule { get; init; } = "constant";

    public IReadOnlyList<int> Milestones { get; init; } = [];

    public int StepEpochs { get; init; } = 30;

    public double Gamma { get; init; } = 0.1;

    public int Patience { get; init; } = 10;

    public double MinimumRate { get; init; }

    public long WarmupSteps { get; init; }

    public double Momentum { get; init; } = s_recipe.Momentum;

    public double WeightDecay { get; init; } = s_recipe.WeightDecay;

    public double ClipNorm { get; init; } = s_recipe.ClipNorm;

    public double LabelSmoothing { get; init; }

    public ulong Seed { get; init; }

    public int Threads { get; init; } = Environment.ProcessorCount;

    public long CacheMegabytes { get; init; } = 2000;

    public int CheckpointEpochs { get; init; } = 1;

    public int CheckpointSteps { get; init; }

    /// <summary>Version of the program that wrote the file.</summary>
    public string Version { get; init; } = "";

    /// <summary>Returns the settings for another network, with its defaults.</summary>
    public TrainSettings WithNetwork(string network)
    {
        // A file defines its own initialization; its path must be valid from any folder.
        bool isFile = NetworkCatalog.Find(network) is null;
        TrainingRecipe recipe = TrainingRecipe.For(network);
        return this with
        {
            Network = isFile ? Path.GetFullPath(network) : network,
            Initial = isFile ? "network" : recipe.Initial,
            Normalize = recipe.Normalize,
            LearningRate = recipe.LearningRate,
            Momentum = recipe.Momentum,
            WeightDecay = recipe.WeightDecay,
            ClipNorm = recipe.ClipNorm,
        };
    }

    /// <summary>Returns the settings for fine-tuning a model, with the defaults of fine-tuning: few epochs, a cosine schedule, a learning rate chosen from the features.</summary>
    public TrainSettings WithModel(string path) => this with
    {
        From = path,
        Epochs = 50,
        BatchSize = 32,
        LearningRate = 0,
        Schedule = "cosine",
        StopPatience = 10,
        ClassWeights = "auto",
    };

    /// <summary>Message about a setting that another one makes ineffective, or null.</summary>
    public string? Pointless => this switch
    {
        { Schedule: "step" } when StepEpochs >= Epochs =>
            FormattableString.Invariant($"--schedule step never drops the rate: --step-epochs {StepEpochs} must be below --epochs {Epochs}"),
        { Schedule: "multi-step", Milestones: [] } => "--schedule multi-step needs --milestones, such as --milestones 120,130",
        { Schedule: "multi-step" } when Milestones.Zip(Milestones.Skip(1)).Any(pair => pair.First >= pair.Second) || Milestones.Any(m => m < 1 || m >= Epochs) =>
            FormattableString.Invariant($"--milestones must be increasing and lie between 0 and --epochs {Epochs}, but are {string.Join(',', Milestones)}"),
        { Schedule: "cosine" } when MinimumRate >= LearningRate && LearningRate > 0 =>
            FormattableString.Invariant($"--minimum-rate {MinimumRate} must be below --learning-rate {LearningRate}"),
        _ when PartSize > BatchSize => FormattableString.Invariant($"--part-size {PartSize} must not exceed --batch-size {BatchSize}"),
        _ when MicroBatch > BatchSize => FormattableString.Invariant($"--micro-batch {MicroBatch} must not exceed --batch-size {BatchSize}"),
        _ => null,
    };

    /// <summary>Creates the learning rate schedule.</summary>
    public LearningRateSchedule CreateSchedule()
    {
        LearningRateSchedule schedule = Schedule switch
        {
            "constant" => LearningRateSchedule.Constant(LearningRate),
            "step" => LearningRateSchedule.Step(LearningRate, StepEpochs, Gamma),
            "multi-step" => LearningRateSchedule.MultiStep(LearningRate, Milestones, Gamma),
            "cosine" => LearningRateSchedule.Cosine(LearningRate, Epochs, MinimumRate),
            "plateau" => LearningRateSchedule.Plateau(LearningRate, Patience, Gamma),
            _ => throw new InvalidDataException($"there is no schedule '{Schedule}'"),
        };
        return schedule.WithWarmup(WarmupSteps);
    }

    /// <summary>Returns the path of a run's settings.</summary>
    public static string PathOf(string run) => Path.Combine(run, "config.json");

    /// <summary>Writes <c>config.json</c> atomically.</summary>
    public void Save(string run) => OutputFile.Write("--out", PathOf(run), ToJson());

    /// <summary>Returns the content of <c>config.json</c>.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString(DataField, Data);
            foreach (TrainSetting setting in TrainOptions.All)
                setting.Write(json, this);
            json.WriteString(VersionField, Version);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads <c>config.json</c>. A missing field gets its default.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, has an unknown field, or an invalid value.</exception>
    /// <exception cref="IOException">The file does not exist.</exception>
    public static TrainSettings Load(string run)
    {
        string path = PathOf(run);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{run}: not a run folder (it has no config.json)");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Reads the output of <see cref="ToJson"/>.</summary>
    public static TrainSettings FromJson(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Read(document.RootElement);
    }

    private static TrainSettings Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException("not a JSON object with training settings");
        string[] known = [DataField, .. TrainOptions.All.Select(setting => setting.Field), VersionField];
        var fields = new Dictionary<string, JsonElement>();
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (!known.Contains(field.Name))
                throw new InvalidDataException($"unknown setting '{field.Name}'{NearestName.Suggestion(field.Name, known)}");
            if (!fields.TryAdd(field.Name, field.Value))
                throw new InvalidDataException($"{field.Name} appears twice");
        }
        TrainSettings settings = Default with
        {
            Data = TextOf(DataField) ?? throw new InvalidDataException($"{DataField} is missing: the folder with the images"),
            Version = TextOf(VersionField) ?? "",
        };
        // In the order of declaration, not of the file: defaults depend on the network.
        foreach (TrainSetting setting in TrainOptions.All)
            if (fields.TryGetValue(setting.Field, out JsonElement value))
                settings = setting.Read(settings, value);
        return settings;

        string? TextOf(string name) => !fields.TryGetValue(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw new InvalidDataException($"{name} must be a string, but is {value.GetRawText()}");
    }

    private const string DataField = "data", VersionField = "version";
}
