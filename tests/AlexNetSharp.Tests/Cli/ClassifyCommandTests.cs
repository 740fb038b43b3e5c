using System.Text.Json;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Tests.Inference;
using SkiaSharp;
using static AlexNetSharp.Tests.Cli.Failures;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>alexnet classify</c> and <c>alexnet similar</c>, on a network small enough for many processes.</summary>
public class ClassifyCommandTests
{
    [Fact]
    public void SaysWhatTheClassifierSays()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 5);
        using Classifier classifier = Classifier.Load(model, new ImageDecoder());
        AlexNetProcess.Result one = AlexNetCommand.Run("classify", model, images[0], "--top", "2");
        Assert.Equal((0, ""), (one.ExitCode, one.Error));
        Prediction[] expected = classifier.Classify(images[0], top: 2);
        Assert.Equal(images[0], one.OutputLines[0]);
        for (int i = 0; i < 2; i++)
            Assert.Equal(FormattableString.Invariant($"{100 * expected[i].Probability,7:0.00} %  {expected[i].Name} ({expected[i].Id})"), one.OutputLines[1 + i]);
        Assert.Matches(@"^1 image in \d+\.\d ms, a cold start that reads the weights; 'alexnet bench' times the network alone$", one.OutputLines[3]);

        AlexNetProcess.Result all = AlexNetCommand.Run("classify", model, images[2], folder.PathOf("images"), "--top", "1", "--ten-crop", "--batch-size", "30");
        Assert.Equal((0, ""), (all.ExitCode, all.Error));
        // The image that is named and lies in the folder too comes once, at its first place.
        Assert.Equal([images[2], images[0], images[1], images[3], images[4]], all.OutputLines.Where((_, i) => i % 2 == 0).SkipLast(1));
        Assert.Matches(@"^5 images in .* s, each in 10 views: .* ms per image, .* images/s, decoding included$", all.OutputLines[^1]);
    }

    [Fact]
    public void WritesJson()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 3);
        File.WriteAllText(images[1], "no image");
        AlexNetProcess.Result result = AlexNetCommand.Run("classify", model, folder.PathOf("images"), "--json", "--skip-bad", "--top", "6", "--bfloat16");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal($"skipped: {images[1]}: not a JPEG, PNG, WebP, BMP or GIF image.", result.ErrorLines.Single());
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement root = json.RootElement;
        Assert.Equal((model, "cifar10-quick", 1), (root.GetProperty("model").GetString(), root.GetProperty("network").GetString(), root.GetProperty("views").GetInt32()));
        Assert.True(root.GetProperty("coldStart").GetBoolean());
        Assert.True(root.GetProperty("seconds").GetDouble() > 0 && root.GetProperty("imagesPerSecond").GetDouble() > 0);
        Assert.Equal([images[0], images[2]], root.GetProperty("images").EnumerateArray().Select(p => p.GetProperty("path").GetString()!));
        Assert.Equal(images[1], root.GetProperty("skipped")[0].GetProperty("path").GetString());
        JsonElement[] classes = [.. root.GetProperty("images")[0].GetProperty("classes").EnumerateArray()];
        Assert.Equal(1, classes.Sum(c => c.GetProperty("probability").GetDouble()), 1e-5);
        Assert.All(classes, c => Assert.Equal($"id{c.GetProperty("index").GetInt32()}", c.GetProperty("id").GetString()));
    }

    [Fact]
    public void ABadImageEndsTheCommandBeforeAnyOutput()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 3);
        byte[] jpeg = TestImages.Encode(60, 50, SKEncodedImageFormat.Jpeg, out _);
        File.WriteAllBytes(images[2], jpeg.AsSpan(0, jpeg.Length / 2));
        AssertOneLine(1, $"{images[2]}: truncated", "classify", model, folder.PathOf("images"), "--strict");
        AssertOneLine(1, "skip unreadable images with --skip-bad", "classify", model, folder.PathOf("images"), "--strict");
        AssertOneLine(1, $"{images[2]}: truncated", "similar", model, folder.PathOf("images"), images[0], "--strict");
        AssertOneLine(1, $"{images[2]}: truncated", "similar", model, folder.PathOf("images"), images[2], "--skip-bad", "--strict");
        AssertOneLine(1, "missing.jpg: no such file", "classify", model, images[0], folder.PathOf("missing.jpg"));
        AssertOneLine(1, "huge.png: too large (60000×60000 pixels", "classify", model, folder.Write("huge.png", TestImages.PngHeader(60000, 60000)));
        Directory.CreateDirectory(folder.PathOf("empty"));
        AssertOneLine(1, "no images in this folder", "classify", model, folder.PathOf("empty"));
        AlexNetProcess.Result none = AlexNetCommand.Run("classify", model, images[2], "--skip-bad", "--strict");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("none of the 1 images can be read", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AnImageThatEndsEarlyIsShownWithAWarning()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 1);
        byte[] jpeg = TestImages.Encode(60, 50, SKEncodedImageFormat.Jpeg, out _);
        File.WriteAllBytes(images[0], jpeg.AsSpan(0, jpeg.Length / 2));
        AlexNetProcess.Result result = AlexNetCommand.Run("classify", model, images[0], "--ten-crop");
        Assert.Equal((0, $"{images[0]}: truncated; decoded as far as the JPEG data goes."), (result.ExitCode, result.ErrorLines.Single()));
    }

    [Fact]
    public void TheLimitOfPixelsCanBeSet()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 1);
        File.WriteAllBytes(images[0], TestImages.Encode(60, 50, SKEncodedImageFormat.Png, out _));
        Assert.Equal(0, AlexNetCommand.Run("classify", model, images[0], "--max-pixels", "3000").ExitCode);
        AssertOneLine(1, "60×50 pixels; the limit is 2999", "classify", model, images[0], "--max-pixels", "2999");
    }

    [Fact]
    public void StandardInputAndOpenPipesAreRead()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a shell with <(…)");
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 1);
        string expected = AlexNetCommand.Run("classify", model, images[0]).OutputLines[1];
        foreach (string words in (string[])[$"- < '{images[0]}'", $"- < <(cat '{images[0]}')", $"<(cat '{images[0]}')", $"/dev/stdin < '{images[0]}'"])
        {
            AlexNetProcess.Result result = AlexNetProcess.Shell($"\"$@\" classify '{model}' {words}");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.Equal(expected, result.OutputLines[1]);
        }
        Assert.Equal(0, AlexNetProcess.Shell($"\"$@\" similar '{model}' '{Path.GetDirectoryName(images[0])}' - < '{images[0]}'").ExitCode);
        Assert.Contains("-: empty", AlexNetProcess.Shell($"\"$@\" classify '{model}' - < /dev/null").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongUsage()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 1);
        AssertOneLine(2, "Required argument missing", "classify", model);
        AssertOneLine(2, "--top must be a whole number", "classify", model, images[0], "--top", "0");
        AssertOneLine(2, "unknown option '--tencrop'; did you mean '--ten-crop'?", "classify", model, images[0], "--tencrop");
        AssertOneLine(2, "--layer: network 'cifar10-quick' has no layer 'fc9'", "similar", model, folder.PathOf("images"), images[0], "--layer", "fc9");
        AssertOneLine(1, "missing: no such folder", "similar", model, folder.PathOf("missing"), images[0]);
        AssertOneLine(1, "a file, not a folder", "similar", model, images[0], images[0]);
        AssertOneLine(1, "nothing.png: no such file", "similar", model, folder.PathOf("images"), folder.PathOf("nothing.png"));
        AssertOneLine(1, "--sheet: there is no folder", "similar", model, folder.PathOf("images"), images[0], "--sheet", folder.PathOf("missing/sheet.png"));
        string plain = folder.PathOf("plain.safetensors");
        using (Model small = InferenceModels.Small())
            ModelFile.Save(plain, new Model(NarrowNetworks.RandomWeights(new Network("own", small.Network.InputShape, small.Network.Layers), 1)));
        AssertOneLine(1, $"{plain}: the model does not say how images are prepared", "classify", plain, images[0]);
        AssertOneLine(1, "words.pth: at byte", "classify", folder.Write("words.pth", "just some words"u8), images[0]);
    }

    [Fact]
    public void SimilarFindsTheNearestAndComputesEachImageOnce()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 6);
        string query = folder.PathOf("query.png"), root = folder.PathOf("images");
        File.Copy(images[4], query);
        using var extractor = new FeatureExtractor(ModelFile.Load(model), decoder: new ImageDecoder());
        float[] features = extractor.Extract(query);
        string[] expected = [.. images.OrderBy(p => extractor.Extract(p).Zip(features, (a, b) => (double)(a - b) * (a - b)).Sum())];

        JsonElement first = Similar(model, root, query, "--sheet", folder.PathOf("sheet.png"));
        Assert.Equal(expected[..3], Paths(first));
        Assert.Equal(0, first.GetProperty("nearest")[0].GetProperty("distance").GetDouble());
        Assert.Equal(("fc64", 6, 6), (first.GetProperty("layer").GetString(), first.GetProperty("images").GetInt32(), first.GetProperty("computed").GetInt32()));
        using SKBitmap sheet = SKBitmap.Decode(folder.PathOf("sheet.png"));
        Assert.InRange(sheet.Width, 600, 1200);

        // Everything is in the cache now; then an image changes, the model changes, the cache is damaged.
        JsonElement again = Similar(model, root, query);
        Assert.Equal(first.GetProperty("nearest").GetRawText(), again.GetProperty("nearest").GetRawText());
        Assert.Equal(0, again.GetProperty("computed").GetInt32());
        DateTime time = File.GetLastWriteTimeUtc(images[4]);
        File.Copy(images[0], images[4], overwrite: true);
        File.SetLastWriteTimeUtc(images[4], time);
        File.WriteAllBytes(images[1], TestImages.Encode(48, 44, SKEncodedImageFormat.Png, out _, seed: 99));
        JsonElement changed = Similar(model, root, query);
        Assert.Equal(1, changed.GetProperty("computed").GetInt32());
        Assert.NotEqual(0, changed.GetProperty("nearest")[0].GetProperty("distance").GetDouble());
        Assert.Equal(7, Similar(model, root, query, "--layer", "conv1").GetProperty("computed").GetInt32() + 1);
        string cache = Path.Combine(root, ".alexnet-features.safetensors");
        File.WriteAllText(cache, "no cache");
        Assert.Equal(6, Similar(model, root, query).GetProperty("computed").GetInt32());

        // The image that is asked for is not among those found; a cache that the user names is not overwritten if it is none.
        Assert.DoesNotContain(images[3], Paths(Similar(model, root, images[3], "--top", "10")));
        AssertOneLine(1, "--cache: ", "similar", model, root, query, "--cache", images[2]);
        Assert.Equal(0, AlexNetCommand.Run("similar", model, root, query, "--cache", folder.PathOf("mine")).ExitCode);
        Assert.True(File.Exists(folder.PathOf("mine")));
    }

    [Fact]
    public void SimilarKeepsWhatItComputedBeforeABadImage()
    {
        using var folder = new TemporaryFolder();
        (string model, string[] images) = Prepare(folder, 4);
        string root = folder.PathOf("images");
        byte[] good = File.ReadAllBytes(images[3]);
        File.WriteAllText(images[3], "no image");
        string[] one = ["--batch-size", "1"];
        AssertOneLine(1, $"{images[3]}: not a JPEG", ["similar", model, root, images[0], .. one]);
        File.WriteAllBytes(images[3], good);
        Assert.Equal(1, Similar(model, root, images[0], one).GetProperty("computed").GetInt32());
    }

    private static JsonElement Similar(string model, string folder, string query, params string[] options)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(["similar", model, folder, query, "--json", .. options.Contains("--top") ? options : ["--top", "3", .. options]]);
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return json.RootElement.Clone();
    }

    private static IEnumerable<string> Paths(JsonElement result) => result.GetProperty("nearest").EnumerateArray().Select(n => n.GetProperty("path").GetString()!);

    /// <summary>A model file and images in the folder "images".</summary>
    private static (string Model, string[] Images) Prepare(TemporaryFolder folder, int count)
    {
        string path = folder.PathOf("model.safetensors");
        using (Model model = InferenceModels.Small())
            ModelFile.Save(path, model);
        return (path, [.. Enumerable.Range(0, count).Select(i =>
            folder.Write($"images/{i}.png", TestImages.Encode(48, 44, SKEncodedImageFormat.Png, out _, (x, y, c) => (byte)(40 * i + 3 * x + y * c))))]);
    }
}
