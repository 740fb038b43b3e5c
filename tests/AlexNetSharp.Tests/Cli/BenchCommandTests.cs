using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AlexNetSharp.Tests.Cli;

public partial class BenchCommandTests
{
    /// <summary>The smallest images that the network takes, so that a step is short.</summary>
    private static readonly string[] s_small = ["bench", "--batch-size", "2", "--image-size", "63", "--threads", "1", "--burn-in", "1"];

    [Fact]
    public void PrintsWhatTheNotebookPrints()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run([.. s_small, "--batches", "11"]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        string[] lines = [.. result.OutputLines.Where(line => !line.StartsWith("noisy: ", StringComparison.Ordinal))];
        Assert.Contains(", .NET 10.", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            [
                "conv1   [2, 16, 16, 64]", "pool1   [2, 7, 7, 64]", "conv2   [2, 7, 7, 192]", "pool2   [2, 3, 3, 192]",
                "conv3   [2, 3, 3, 384]", "conv4   [2, 3, 3, 256]", "conv5   [2, 3, 3, 256]", "pool5   [2, 1, 1, 256]",
            ],
            lines[1..9]);
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: step:0\. duration = \d+\.\d{3}$", lines[9]);
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: step:10\. duration = \d+\.\d{3}$", lines[10]);
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: forward across 11 steps, \d+\.\d{3} \+/- \d+\.\d{3} sec / batch$", lines[11]);
        Assert.Matches(@": forward-backward across 11 steps, \d+\.\d{3} \+/- \d+\.\d{3} sec / batch$", lines[14]);
        Assert.Matches(
            @"^forward [\d.]+ images/s, [\d.]+ GFLOP/s; forward-backward [\d.]+ images/s, [\d.]+ GFLOP/s \(every convolution counted as direct convolution\); "
            + @"peak memory \d\.\d\d GB$",
            lines[15]);
        Assert.Equal(16, lines.Length);
    }

    [Fact]
    public void WritesJsonAndCsv()
    {
        using var folder = new TemporaryFolder();
        string json = folder.PathOf("result.json"), csv = folder.PathOf("steps.csv");
        AlexNetProcess.Result result = AlexNetCommand.Run(
            [.. s_small, "--batches", "3", "--gradients", "all", "--per-layer", "--explain", "--json", json, "--csv", csv]);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"conv1 .* (mem|×) +\d+ %", result.Output);

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(json));
        JsonElement root = document.RootElement;
        Assert.Equal(
            ["schema", "version", "date", "network", "layers", "settings", "machine", "memoryReadGBs", "peakMemoryBytes", "runs", "layerTimes"],
            root.EnumerateObject().Select(p => p.Name));
        JsonElement settings = root.GetProperty("settings");
        Assert.Equal(
            ["batchSize", "imageHeight", "imageWidth", "threads", "gradients", "precise", "precision", "burnIn", "batches", "seed", "images"],
            settings.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("tensorflow", 2, 63, 1, "all", "float32", false, "noise"), (
            root.GetProperty("network").GetString(), settings.GetProperty("batchSize").GetInt32(), settings.GetProperty("imageHeight").GetInt32(),
            settings.GetProperty("threads").GetInt32(), settings.GetProperty("gradients").GetString(), settings.GetProperty("precision").GetString(),
            settings.GetProperty("precise").GetBoolean(), settings.GetProperty("images").GetString()));
        Assert.Subset(
            new HashSet<string>(["processor", "simd", "os", "dotnet", "cores", "family", "caches", "megahertz"]),
            root.GetProperty("machine").EnumerateObject().Select(p => p.Name).ToHashSet());
        Assert.InRange(root.GetProperty("peakMemoryBytes").GetInt64(), 100_000_000, 2_000_000_000);
        JsonElement[] runs = [.. root.GetProperty("runs").EnumerateArray()];
        Assert.Equal(["forward", "forward-backward"], runs.Select(run => run.GetProperty("name").GetString()));
        Assert.Equal(
            ["name", "steps", "meanSeconds", "sdSeconds", "medianSeconds", "medianLowSeconds", "medianHighSeconds", "p90Seconds", "p99Seconds", "minSeconds",
             "maxSeconds", "imagesPerSecond", "gflops", "seconds", "peakBeforeGflops", "peakAfterGflops"],
            runs[0].EnumerateObject().Select(p => p.Name).Where(name => name != "noise"));
        Assert.All(runs, run => Assert.Equal(3, run.GetProperty("seconds").GetArrayLength()));
        Assert.All(runs, run => Assert.Equal(3, run.GetProperty("steps").GetInt32()));
        Assert.Equal(2 / runs[1].GetProperty("meanSeconds").GetDouble(), runs[1].GetProperty("imagesPerSecond").GetDouble(), 1e-9);
        JsonElement[] layers = [.. root.GetProperty("layerTimes").EnumerateArray()];
        Assert.Equal(1, layers.Sum(layer => layer.GetProperty("share").GetDouble()), 1e-6);

        // The durations in the CSV are those that the JSON sums up.
        string[] rows = File.ReadAllLines(csv);
        Assert.Equal("run,step,seconds", rows[0]);
        Assert.Equal(7, rows.Length);
        double[] forward = [.. rows[1..4].Select(row => double.Parse(row.Split(',')[2], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(forward.Average(), runs[0].GetProperty("meanSeconds").GetDouble(), 1e-5);

        Assert.Contains("conv5 + relu5", result.Output, StringComparison.Ordinal);
        Assert.Contains(" accepts", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void InterruptionReportsWhatWasMeasured()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs the signal SIGINT");
        using var folder = new TemporaryFolder();
        string json = folder.PathOf("result.json");
        using Process process = AlexNetProcess.Start([.. s_small, "--batches", "1000000", "--json", json]);
        while (process.StandardOutput.ReadLine() is { } line && !line.Contains("step:10.", StringComparison.Ordinal))
        {
        }
        AlexNetProcess.Interrupt(process);
        AlexNetProcess.Result result = AlexNetProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));

        Assert.Equal(130, result.ExitCode);
        Match summary = Summary().Match(result.Output);
        Assert.True(summary.Success, result.Output);
        Assert.Contains("images/s", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("forward-backward", result.Output, StringComparison.Ordinal);
        Assert.Matches($"^alexnet bench: interrupted after {summary.Groups[1].Value} of 2000000 timed steps\n$", result.Error);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(json));
        Assert.Equal(summary.Groups[1].Value, document.RootElement.GetProperty("runs")[0].GetProperty("steps").ToString());
    }

    [Theory]
    [InlineData("--help", "alexnet bench  ")]
    [InlineData("bench --help", "alexnet bench --batches 20 --json result.json")]
    [InlineData("summary --help", "alexnet summary --batch-size 32")]
    [InlineData("init --help", "alexnet init --network torchvision")]
    [InlineData("run --help", "alexnet run model.safetensors --input x.npy --output y.npy")]
    public void HelpHasAnExample(string arguments, string example)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments.Split(' '));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains(example, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SummaryCountsTheParameters()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run("summary");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("61,100,840", result.Output, StringComparison.Ordinal);
        Assert.Contains("61.1 million parameters", result.Output, StringComparison.Ordinal);
        Assert.Contains("[1, 56, 56, 64]", result.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@": forward across (\d+) steps")]
    private static partial Regex Summary();

    [Fact]
    public void TimesTheLoadingOfADataSetAlone()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 12; i++)
            folder.Write($"data/{(i % 2 == 0 ? "even" : "odd")}/{i}.jpg", Images.TestImages.Encode(40, 30, SkiaSharp.SKEncodedImageFormat.Jpeg, out _, seed: i));
        string json = folder.PathOf("loading.json"), data = folder.PathOf("data");
        AlexNetProcess.Result result = AlexNetCommand.Run(
            "bench", "--data", data, "--network", "cifar10-quick", "--batch-size", "4", "--batches", "5", "--burn-in", "2", "--threads", "2", "--json", json);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("class folders: 12 images to 32×32, batches of 4", result.OutputLines[1]);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(json));
        JsonElement[] runs = [.. document.RootElement.GetProperty("runs").EnumerateArray()];
        Assert.Equal(
            [("files", false, 1), ("files", false, 2), ("files", true, 1), ("files", true, 2), ("memory", false, 1), ("memory", false, 2), ("memory", true, 1), ("memory", true, 2)],
            runs.Select(run => (run.GetProperty("from").GetString(), run.GetProperty("augmented").GetBoolean(), run.GetProperty("threads").GetInt32())));
        Assert.All(runs, run => Assert.Equal(20, run.GetProperty("images").GetInt32()));
        Assert.All(runs, run => Assert.True(run.GetProperty("imagesPerSecond").GetDouble() > 1));

        AlexNetProcess.Result refused = AlexNetCommand.Run("bench", "--data", data, "--per-layer");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--per-layer has no meaning", refused.Error, StringComparison.Ordinal);
        folder.Write("data/odd/broken.jpg", new byte[100]);
        refused = AlexNetCommand.Run("bench", "--data", data);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("broken.jpg", refused.Error, StringComparison.Ordinal);
    }
}
