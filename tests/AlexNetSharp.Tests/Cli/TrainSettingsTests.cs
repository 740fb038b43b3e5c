using System.Text.Json;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Models;

namespace AlexNetSharp.Tests.Cli;

/// <summary>The settings of a training: their declarations, and <c>config.json</c>.</summary>
public sealed class TrainSettingsTests : IDisposable
{
    private static readonly JsonSerializerOptions s_plain = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly TemporaryFolder _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void EveryPropertyIsAFieldAndStaysWhatItIs()
    {
        TrainSettings settings = Unusual();
        settings.Save(_run.Path);
        // What no declaration names would be missing here, and what two of them set would be lost.
        using JsonDocument written = JsonDocument.Parse(File.ReadAllBytes(TrainSettings.PathOf(_run.Path)));
        using JsonDocument expected = JsonSerializer.SerializeToDocument(settings, s_plain);
        Assert.Equal(Fields(expected).Order(StringComparer.Ordinal), Fields(written).Order(StringComparer.Ordinal));
        foreach (JsonProperty field in expected.RootElement.EnumerateObject().Where(field => field.Name != "pointless"))
        {
            JsonElement default_ = JsonSerializer.SerializeToElement(TrainSettings.Default, s_plain).GetProperty(field.Name);
            Assert.False(JsonElement.DeepEquals(default_, field.Value), $"{field.Name}: the test must give it another value than its default");
            Assert.True(JsonElement.DeepEquals(field.Value, written.RootElement.GetProperty(field.Name)), field.Name);
        }
        Assert.Equivalent(settings, TrainSettings.Load(_run.Path), strict: true);

        static IEnumerable<string> Fields(JsonDocument document) =>
            document.RootElement.EnumerateObject().Select(field => field.Name).Where(name => name != "pointless");
    }

    [Fact]
    public void SettingsOfEarlierVersionsAreWhatTheyWere()
    {
        string[] files = Directory.GetFiles(Path.Combine(Repository.Root, "docs", "results"), "config.json", SearchOption.AllDirectories);
        Assert.True(files.Length >= 7);
        foreach (string file in files)
            Assert.Equivalent(
                JsonSerializer.Deserialize<TrainSettings>(File.ReadAllBytes(file), s_plain), TrainSettings.Load(Path.GetDirectoryName(file)!), strict: true);
    }

    [Theory]
    [InlineData("tensorflow")]
    [InlineData("cifar10-full")]
    public void AFieldThatIsMissingHasTheDefaultOfTheNetwork(string network)
    {
        Write($$"""{"learning_rate": 0.5, "data": "images", "network": "{{network}}"}""");
        TrainSettings settings = TrainSettings.Load(_run.Path);
        Assert.Equivalent(TrainSettings.Default.WithNetwork(network) with { Data = "images", LearningRate = 0.5 }, settings, strict: true);
        Assert.Equal((128, 0.9, 30), (settings.BatchSize, settings.Momentum, settings.StepEpochs));
        Assert.Equal(network == "tensorflow" ? 0.0005 : 0.004, settings.WeightDecay);
    }

    [Theory]
    [InlineData("""{"data": "x", "bath_size": 5}""", "unknown setting 'bath_size'; did you mean 'batch_size'?")]
    [InlineData("""{"data": "x", "batch_size": 0}""", "batch_size must be a whole number from 1 to 1048576, but is 0")]
    [InlineData("""{"data": "x", "batch_size": "128"}""", "batch_size must be a whole number from 1 to 1048576, but is \"128\"")]
    [InlineData("""{"data": "x", "batch_size": 1.5}""", "batch_size must be a whole number from 1 to 1048576, but is 1.5")]
    [InlineData("""{"data": "x", "batch_size": null}""", "batch_size must be a whole number from 1 to 1048576, but is null")]
    [InlineData("""{"data": "x", "seed": -1}""", "seed must be a whole number from 0 to 18446744073709551615, but is -1")]
    [InlineData("""{"data": "x", "momentum": 1e9}""", "momentum must be a number from 0 to 0.9999, but is 1e9")]
    [InlineData("""{"data": "x", "flip": 1}""", "flip must be true or false, but is 1")]
    [InlineData("""{"data": "x", "schedule": "cosin"}""", "schedule must be constant, step, multi-step, cosine or plateau, but is \"cosin\"; did you mean 'cosine'?")]
    [InlineData("""{"data": "x", "network": "lenet"}""", "network must be tensorflow, torchvision,")]
    [InlineData("""{"data": "x", "milestones": [1, "2"]}""", "milestones must be whole numbers separated by commas, such as 120,130, but is [1, \"2\"]")]
    [InlineData("""{"data": "x", "milestones": 5}""", "milestones must be whole numbers")]
    [InlineData("""{"data": 5}""", "data must be a string, but is 5")]
    [InlineData("""{"epochs": 5}""", "data is missing: the folder with the images")]
    [InlineData("""{"data": "x", "data": "y"}""", "data appears twice")]
    [InlineData("""[1]""", "not a JSON object")]
    [InlineData("""{"data": """, "LineNumber: 0")]
    [InlineData("", "")]
    public void WhatIsWrongIsNamed(string json, string message)
    {
        Write(json);
        string text = Assert.Throws<InvalidDataException>(() => TrainSettings.Load(_run.Path)).Message;
        Assert.StartsWith($"{TrainSettings.PathOf(_run.Path)}: ", text, StringComparison.Ordinal);
        Assert.Contains(message, text, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryNetworkHasDefaultsThatItsOptionsAllow()
    {
        foreach (string network in NetworkCatalog.Names)
        {
            TrainSettings settings = TrainSettings.Default.WithNetwork(network) with { Data = "x" };
            settings.Save(_run.Path);
            Assert.Equivalent(settings, TrainSettings.Load(_run.Path), strict: true);
            Assert.Null(settings.Pointless);
        }
    }

    private void Write(string json) => File.WriteAllText(TrainSettings.PathOf(_run.Path), json);

    /// <summary>No value is its default.</summary>
    private static TrainSettings Unusual() => new()
    {
        Data = "/some/images",
        From = Path.GetFullPath("model.pth"),
        NewHead = true,
        Freeze = "conv",
        Rates = "fc6=0.1",
        NewLayerRate = 5,
        Optimizer = "adamw",
        ClassWeights = "balanced",
        StopPatience = 7,
        ValidationPath = "/some/others",
        ValidationSplit = 0.25,
        SkipBad = true,
        Strict = true,
        MaxPixels = 1_000_000,
        Network = "cifar10-quick",
        ImageSize = 40,
        Initial = "paper",
        Normalize = "none",
        Resize = "square",
        ResizeTo = 48,
        RandomCrop = true,
        CropPadding = 3,
        RandomResizedCrop = true,
        Flip = true,
        ColorPca = true,
        PartSize = 16,
        Exchange = "dense",
        Epochs = 7,
        ValidationEpochs = 2,
        BatchSize = 9,
        MicroBatch = 4,
        LearningRate = 1e-5,
        Schedule = "multi-step",
        Milestones = [3, 5],
        StepEpochs = 4,
        Gamma = 0.3,
        Patience = 6,
        MinimumRate = 1e-7,
        WarmupSteps = 11,
        Momentum = 0.8,
        WeightDecay = 0.01,
        ClipNorm = 2.5,
        LabelSmoothing = 0.1,
        Seed = ulong.MaxValue,
        Threads = 3 + Environment.ProcessorCount % 100,
        CacheMegabytes = 12,
        CheckpointEpochs = 13,
        CheckpointSteps = 14,
        Version = "1.2.3",
    };
}
