using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Tests.Models;
using SkiaSharp;
using static AlexNetSharp.Tests.Cli.Failures;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>alexnet convert</c>, <c>export</c> and <c>inspect</c>, on a network small enough for many processes.</summary>
public sealed class ConvertCommandTests : IDisposable
{
    private static readonly Preprocessing s_prepared = new() { Resize = ResizeMode.Square, ResizeTo = 36, CropHeight = 32, CropWidth = 32, Mean = [120, 120, 120] };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NamesOfTensorsCannotSteerTheTerminal()
    {
        string path = _folder.Write("a.safetensors", SafetensorsTests.Bytes("""{"a\u001b[2J\nb":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4));
        AlexNetProcess.Result result = AlexNetCommand.Run("inspect", path);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains(@"a\x1b[2J\nb", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Fact]
    public void AModelGoesToOnnxAndBackWithEveryBit()
    {
        string start = Model(), onnx = _folder.PathOf("model.onnx"), back = _folder.PathOf("back.safetensors");
        AlexNetProcess.Result result = AlexNetCommand.Run("convert", start, onnx);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        // A header, a rule, a row for each of ten parameters, and the summary.
        Assert.Equal(13, result.OutputLines.Length);
        Assert.Matches(@"^ *conv1\.weight +F32 +\[32, 3, 5, 5\] +conv1\.weight +F32 +\[32, 3, 5, 5\]$", result.OutputLines[2]);
        Assert.Contains("model.onnx: network cifar10-quick, 145,188 parameters, 4 classes, ", result.OutputLines[^1], StringComparison.Ordinal);

        string names = _folder.Write("names.txt", "n00000001 one\nn00000002 two\nn00000003 three\nn00000004 four\n"u8);
        result = AlexNetCommand.Run("convert", onnx, back, "--class-names", names);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using Model expected = ModelFile.Load(start), actual = ModelFile.Load(back);
        ModelFileTests.AssertSameWeights(expected.Parameters, actual.Parameters);
        Assert.Equal(s_prepared, actual.Preprocessing);
        Assert.Equal(["n00000001 one", "n00000002 two", "n00000003 three", "n00000004 four"], actual.Classes.Select(c => $"{c.Id} {c.Name}"));
    }

    [Fact]
    public void NarrowTypesHalveTheFile()
    {
        string start = Model(), target = _folder.PathOf("half.safetensors");
        AlexNetProcess.Result result = AlexNetCommand.Run("convert", start, target, "--type", "bf16");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.InRange(new FileInfo(target).Length, 2 * 145_188, 2 * 145_188 + 6000);
        Assert.Matches(@"F32 .* BF16 ", result.OutputLines[2]);
        AssertOneLine(2, "--type f16, bf16 and int8 are for .safetensors", "convert", start, _folder.PathOf("half.onnx"), "--type", "f16");
    }

    [Fact]
    public void ExportSaysWhatGoesInAndComesOut()
    {
        string onnx = _folder.PathOf("model.onnx");
        AlexNetProcess.Result result = AlexNetCommand.Run("export", Model(), "--onnx", onnx);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal("input [batch, 3, 32, 32], output [batch, 4] before any softmax", result.OutputLines[^1]);
        using TensorFile file = TensorFile.Open(onnx);
        Assert.Equal(["a", "b", "c", "d"], ModelFile.Describe(file).Classes.Select(c => c.Name));
    }

    [Fact]
    public void NothingIsWrittenWhenSomethingIsWrong()
    {
        string start = Model(), target = _folder.PathOf("out.safetensors");
        AssertOneLine(2, "OUT: 'model.pth' must end with .safetensors or .onnx", "convert", start, "model.pth");
        AssertOneLine(2, "--onnx: 'model.pb' must end with .onnx", "export", start, "--onnx", "model.pb");
        AssertOneLine(1, "missing.pth", "convert", _folder.PathOf("missing.pth"), target);
        AssertOneLine(1, "OUT: there is no folder", "convert", start, _folder.PathOf("no/out.onnx"));
        AssertOneLine(1, "'fc10.weight' has the shape [4, 64], but fc10.weight of network 'cifar10-full' needs [4, 1024]", "convert", start, target, "--network", "cifar10-full");
        AssertOneLine(1, "4 outputs; the file needs one line per output", "convert", start, target, "--class-names", _folder.Write("two.txt", "one\ntwo\n"u8));
        AssertOneLine(1, "line 2 is empty", "convert", start, target, "--class-names", _folder.Write("gap.txt", "one\n\ntwo\nthree\n"u8));
        AssertOneLine(1, "line 1 is not UTF-8", "convert", start, target, "--class-names", _folder.Write("binary.txt", [0xFF, 0xFE, 0xFD]));
        AssertOneLine(1, "at byte 0", "convert", _folder.Write("words.onnx", "just some words"u8), target);
        string bad = Model(weights => weights["fc10.weight"].Storage[0] = 1e30f);
        AssertOneLine(1, "tensor 'fc10.weight' holds 1e+30, which F16 cannot hold; write F32 or BF16", "convert", bad, target, "--type", "f16");
        Assert.False(File.Exists(target));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
    }

    [Fact]
    public void InspectShowsNetworkClassesAndValues()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run("inspect", Model(weights =>
        {
            weights["conv1.bias"].Storage[3] = float.NaN;
            weights["conv1.bias"].Storage[4] = float.NegativeInfinity;
            weights["conv1.bias"].Storage[5] = -2;
        }));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("model.safetensors: safetensors, 0.6 MB, 10 tensors", result.OutputLines[0], StringComparison.Ordinal);
        Assert.Equal("network cifar10-quick, 145,188 parameters, images [32, 32, 3], 4 classes", result.OutputLines[1]);
        Assert.Equal("classes: a; b; c; …", result.OutputLines[2]);
        Assert.Equal("preprocessing: both sides to 36, crop 32×32, RGB − (120, 120, 120)", result.OutputLines[3]);
        Assert.Matches(@"^weights read in \d+\.\d{3} s, peak memory \d+ MB$", result.OutputLines[4]);
        Assert.Matches(@"^ *conv1\.bias +F32 +\[32\] +-2 +0 +-0\.06667 +0\.359 +1 +1$", result.OutputLines[8]);
        Assert.Equal(17, result.OutputLines.Length);
    }

    [Fact]
    public void InspectShowsTensorsOfAFileThatIsNoModel()
    {
        string path = _folder.PathOf("x.npy");
        Npy.Save(path, [1, 2, 3], [3]);
        AlexNetProcess.Result result = AlexNetCommand.Run("inspect", path);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("not a model: ", result.OutputLines[1], StringComparison.Ordinal);
        Assert.Matches(@"\[3\] +1 +3 +2 +0\.8165 +0 +0$", result.OutputLines[^1]);
    }

    [Fact]
    public void InspectDrawsFiltersAndFeatureMaps()
    {
        string filters = _folder.PathOf("filters.png"), maps = _folder.PathOf("maps.png");
        string image = _folder.Write("image.png", TestImages.Encode(50, 40, SKEncodedImageFormat.Png, out _));
        AlexNetProcess.Result result = AlexNetCommand.Run("inspect", Model(), "--filters", filters, "--activations", image, maps, "--layer", "pool1");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("pool1 of network cifar10-quick, 32 maps of 16×16, values ", result.OutputLines[0], StringComparison.Ordinal);

        var pixels = new PixelBuffer();
        var decoder = new ImageDecoder();
        decoder.DecodeFile(filters, pixels);
        // Two rows of sixteen kernels of 5×5, each pixel ten times enlarged, lines of two pixels between and around them.
        Assert.Equal((2 * 52 + 2, 16 * 52 + 2), (pixels.Height, pixels.Width));
        decoder.DecodeFile(maps, pixels);
        Assert.InRange(pixels.Width, 800, 1700);
        Assert.True(pixels.Pixels.ToArray().Distinct().Count() > 100);
    }

    [Fact]
    public void WrongUsageOfInspect()
    {
        string start = Model(), png = _folder.PathOf("out.png"), image = _folder.Write("image.png", TestImages.Encode(50, 40, SKEncodedImageFormat.Png, out _));
        AssertOneLine(2, "add --activations IMAGE OUT.png", "inspect", start, "--layer", "conv2");
        AssertOneLine(2, "--strict is for decoding an image", "inspect", start, "--strict");
        AssertOneLine(1, "the limit is 1999 pixels", "inspect", start, "--activations", image, png, "--max-pixels", "1999");
        AssertOneLine(2, "--strict is for decoding images; add --images or --data", "bench", "--strict");
        AssertOneLine(1, "the limit is 1999 pixels", "bench", "--network", "cifar10-quick", "--batches", "1", "--images", image, "--max-pixels", "1999");
        AssertOneLine(2, "--filters: 'out.jpg' must end with .png", "inspect", start, "--filters", "out.jpg");
        AssertOneLine(2, "--activations", "inspect", start, "--activations", image);
        AssertOneLine(2, "has no layer 'conv4'; did you mean 'conv1'?", "inspect", start, "--activations", image, png, "--layer", "conv4");
        AssertOneLine(2, "the output of layer 'fc64' is a vector", "inspect", start, "--activations", image, png, "--layer", "fc64");
        AssertOneLine(1, "missing.jpg", "inspect", start, "--activations", _folder.PathOf("missing.jpg"), png);
        AssertOneLine(1, "words.jpg", "inspect", start, "--activations", _folder.Write("words.jpg", "just some words"u8), png);
        AssertOneLine(1, "does not say how images are prepared", "inspect", Model(own: true), "--activations", image, png);
        AssertOneLine(1, "at byte 0", "inspect", _folder.Write("empty.pth", ""u8));
        Assert.False(File.Exists(png));
    }

    private string Model(Action<ParameterSet>? change = null, bool own = false)
    {
        Network network = CudaConvnet.Quick(4);
        if (own)
            network = new Network("own", network.InputShape, network.Layers);
        using var model = new Model(ParameterSet.Initialize(network, 1), own ? null : s_prepared, [.. "abcd".Select(c => new ClassName(c.ToString(), c.ToString()))]);
        change?.Invoke(model.Parameters);
        string path = _folder.PathOf(own ? "own.safetensors" : "model.safetensors");
        ModelFile.Save(path, model);
        return path;
    }
}
