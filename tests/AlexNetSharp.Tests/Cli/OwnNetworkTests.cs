using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

/// <summary>A network that somebody composed, in no catalog: every command takes its file. And models that earlier could not be used.</summary>
public sealed class OwnNetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryCommandTakesANetworkThatIsInNoCatalog()
    {
        var network = new Network("mine", new Shape(12, 20, 3),
        [
            new Conv2d("first", 8, 3, padding: Padding.Same, stride: 2),
            new ReLU("first_relu"),
            new AvgPool2d("shrink", 2, 2),
            new Linear("decide", 2),
        ]);
        var preprocessing = new Preprocessing { Resize = ResizeMode.Square, ResizeTo = 20, CropHeight = 12, CropWidth = 20, Scale = 1f / 255 };
        string path = _folder.PathOf("mine.safetensors"), onnx = _folder.PathOf("mine.onnx"), image = Image("dark/1.png", 0);
        using (var model = new Model(ParameterSet.Initialize(network, 3), preprocessing, [new("dark", "dark"), new("light", "light")]))
            ModelFile.Save(path, model);
        Image("light/1.png", 255);

        using (Classifier classifier = Classifier.Load(path, new ImageDecoder()))
            Assert.Equal(2, classifier.Classify(image).Length);
        Assert.Contains("network mine", Run("inspect", path), StringComparison.Ordinal);
        Assert.Contains("dark", Run("classify", path, image), StringComparison.Ordinal);
        Assert.Contains("2 images", Run("eval", path, Path.GetDirectoryName(Path.GetDirectoryName(image))!, "--out", _folder.PathOf("eval")), StringComparison.Ordinal);
        Run("export", path, "--onnx", onnx);
        Run("convert", path, _folder.PathOf("copy.safetensors"), "--type", "bf16");
        Assert.Equal(network.ToJson(), Network("copy.safetensors"));
        Assert.Equal(network.ToJson(), Network("mine.onnx"));
        Run("similar", path, Path.GetDirectoryName(image)!, image, "--layer", "shrink");
    }

    [Fact]
    public void AModelFromInitClassifiesWhateverItsNetwork()
    {
        string path = _folder.PathOf("q.safetensors"), image = Image("a/1.png", 100);
        Run("init", "--network", "cifar10-quick", path);
        Assert.Contains("1.png", Run("classify", path, image), StringComparison.Ordinal);
    }

    [Fact]
    public void EvalFindsClassesByIdsOrNames()
    {
        string path = _folder.PathOf("q.safetensors"), data = Path.GetDirectoryName(Path.GetDirectoryName(Image("tench/1.png", 10))!)!;
        Image("goldfish/1.png", 200);
        using (var model = new Model(ParameterSet.Initialize(CudaConvnet.Quick(2), 1), NetworkCatalog.Get("cifar10-quick").Preprocessing, [new("n01", "tench, Tinca"), new("n02", "goldfish, Carassius")]))
            ModelFile.Save(path, model);
        Assert.Contains("2 images", Run("eval", path, data, "--out", _folder.PathOf("eval")), StringComparison.Ordinal);
        Image("cat/1.png", 100);
        AlexNetProcess.Result result = AlexNetCommand.Run("eval", path, data, "--out", _folder.PathOf("eval"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("'cat'", result.Error, StringComparison.Ordinal);
        Assert.Contains("--class-names", result.Error, StringComparison.Ordinal);
    }

    private string Network(string name)
    {
        using Model model = ModelFile.Load(_folder.PathOf(name));
        return model.Network.ToJson();
    }

    private string Image(string name, byte level)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf("images/" + name))!);
        return _folder.Write("images/" + name, TestImages.Encode(30, 20, SKEncodedImageFormat.Png, out _, (_, _, _) => level));
    }

    private static string Run(params string[] arguments)
    {
        var result = AlexNetCommand.Run(arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.Error}");
        return result.Output;
    }
}
