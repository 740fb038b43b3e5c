using System.Buffers;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Everything that is needed to repeat a training: what <c>config.json</c> of a run folder holds.</summary>
/// <remarks>A property has its default here; its option, limits and field are declared in <see cref="TrainOptions"/>.</remarks>
internal sealed record TrainSettings
{
    private static readonly string s_network = NetworkCatalog.Names[0];
    private static readonly TrainingRecipe s_recipe = TrainingRecipe.For(s_network);

    /// <summary>What is there before any option is given.</summary>
    public static TrainSettings Default { get; } = new() { Data = "" };

    public required string Data { get; init; }

    /// <summary>The model that fine-tuning starts from; null: initial values.</summary>
    public string? From { get; init; }

    public bool NewHead { get; init; }

    /// <summary>The last layer that keeps its weights, <c>conv</c>, <c>all-but-last</c> or <c>none</c>; null for what suits the images.</summary>
    public string? Freeze { get; init; }

    /// <summary>Factors on the learning rate by layer, <c>fc6=0.1,fc7=0.1</c>; null for none.</summary>
    public string? Rates { get; init; }

    public double NewLayerRate { get; init; } = 10;

    /// <summary><c>sgd</c> or <c>adamw</c>.</summary>
    public string Optimizer { get; init; } = "sgd";

    /// <summary><c>none</c>, <c>balanced</c>, or <c>auto</c>: balanced where fine-tuning meets classes of unequal size.</summary>
    public string ClassWeights { get; init; } = "none";

    /// <summary>Validations without a better loss after which the training ends; 0: never.</summary>
    public int StopPatience { get; init; }

    public string? ValidationPath { get; init; }

    public double? ValidationSplit { get; init; }

    public bool SkipBad { get; init; }

    /// <summary>Whether images that end early are refused.</summary>
    public bool Strict { get; init; }

    /// <summary>Width × height of the largest image that is decoded; null for the decoder's own.</summary>
    public int? MaxPixels { get; init; }

    public string Network { get; init; } = s_network;

    public int? ImageSize { get; init; }

    /// <summary>Initial values: the network's own, or those of <see cref="Initialization"/>.</summary>
    public string Initial { get; init; } = s_recipe.Initial;

    /// <summary>What is subtracted and divided by: <c>pixel</c>, <c>channel</c>, <c>none</c>.</summary>
    public string Normalize { get; init; } = s_recipe.Normalize;

    /// <summary>How images are brought to size: <c>shorter</c>, <c>square</c>, <c>none</c>, or <c>auto</c> for what suits network and images.</summary>
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

    /// <summary>Images whose gradients are computed at once and added to those of other parts in a fixed order; 0: one part, all images.</summary>
    public int PartSize { get; init; }

    /// <summary><c>auto</c>, <c>dense</c> or <c>factors</c>: what travels for fully connected layers.</summary>
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

    /// <summary>The settings for another network, with the defaults of that one.</summary>
    public TrainSettings WithNetwork(string network)
    {
        // A file says itself how its values begin; its name must hold from any folder.
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

    /// <summary>The settings for fine-tuning a model, with the defaults of that: few epochs, a cosine, a rate that is found from the features.</summary>
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

    /// <summary>A setting that another one leaves without effect, or null.</summary>
    public string? Pointless => this switch
    {
        { Schedule: "step" } when StepEpochs >= Epochs =>
            FormattableString.Invariant($"--schedule step never drops the rate: --step-epochs {StepEpochs} must be below --epochs {Epochs}"),
        { Schedule: "multi-step", Milestones: [] } => "--schedule multi-step needs --milestones, such as --milestones 120,130",
        { Schedule: "multi-step" } when Milestones.Zip(Milestones.Skip(1)).Any(pair => pair.First >= pair.Second) || Milestones.Any(m => m < 1 || m >= Epochs) =>
            FormattableString.Invariant($"--milestones must rise and lie between 0 and --epochs {Epochs}, but are {string.Join(',', Milestones)}"),
        { Schedule: "cosine" } when MinimumRate >= LearningRate && LearningRate > 0 =>
            FormattableString.Invariant($"--minimum-rate {MinimumRate} must be below --learning-rate {LearningRate}"),
        _ when PartSize > BatchSize => FormattableString.Invariant($"--part-size {PartSize} must not exceed --batch-size {BatchSize}"),
        _ when MicroBatch > BatchSize => FormattableString.Invariant($"--micro-batch {MicroBatch} must not exceed --batch-size {BatchSize}"),
        _ => null,
    };

    /// <summary>The rate as a function of the epoch.</summary>
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

    /// <summary>Where a run keeps its settings.</summary>
    public static string PathOf(string run) => Path.Combine(run, "config.json");

    /// <summary>Writes <c>config.json</c>, whole or not at all.</summary>
    public void Save(string run) => OutputFile.Write("--out", PathOf(run), ToJson());

    /// <summary>The content of <c>config.json</c>.</summary>
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

    /// <summary>Reads <c>config.json</c>. A field that is missing has its default.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, has a field that is no setting, or a value that a setting cannot have.</exception>
    /// <exception cref="IOException">There is none.</exception>
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

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
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
        // In the order of the declarations, not of the file: the network decides about defaults.
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
