using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Models;

public class ModelFileTests : FormatTest
{
    [Theory]
    [InlineData("f32.pth")]
    [InlineData("legacy.pth")]
    [InlineData("checkpoint.pth")]
    public void WeightsByPyTorchLandWhereTheNetworkWantsThem(string name)
    {
        Network network = NarrowNetworks.Torchvision();
        using Model model = ModelFile.Load(Golden("formats/pytorch/" + name), network);
        // [out, in, height, width] by the formula of the script, against [height, width, in, out].
        float[] conv2 = NarrowNetworks.Dense(model.Parameters["conv2.weight"]);
        for (int o = 0; o < 16; o++)
            for (int i = 0; i < 8; i++)
                for (int tap = 0; tap < 25; tap++)
                    Assert.Equal(PyTorchTests.Value(2, (o * 8 + i) * 25 + tap), conv2[(tap * 8 + i) * 16 + o]);
        // fc6 reads 16 channels of 6 × 6 in the order channel, row, column there; row, column, channel here.
        float[] fc6 = NarrowNetworks.Dense(model.Parameters["fc6.weight"]);
        for (int o = 0; o < 32; o++)
            for (int c = 0; c < 16; c++)
                for (int pixel = 0; pixel < 36; pixel++)
                    Assert.Equal(PyTorchTests.Value(10, o * 576 + c * 36 + pixel), fc6[(pixel * 16 + c) * 32 + o]);
        float[] fc8 = NarrowNetworks.Dense(model.Parameters["fc8.weight"]);
        for (int o = 0; o < 10; o++)
            for (int i = 0; i < 32; i++)
                Assert.Equal(PyTorchTests.Value(14, o * 32 + i), fc8[i * 10 + o]);
        Assert.Equal(PyTorchTests.Value(15, 9), NarrowNetworks.Dense(model.Parameters["fc8.bias"])[9]);
        // The panels are filled up with zeros behind the tenth class.
        Assert.Equal(0, model.Parameters["fc8.weight"].Storage[10]);
        Assert.Equal("features.3.weight", WeightNames.Unwrapped(model.Transfers[2].Source));
        Assert.Equal("conv2.weight", model.Transfers[2].Parameter);
        Assert.Contains("torchvision", NetworkCatalog.Get(network.Name).Name, StringComparison.Ordinal);
        Assert.Equal(Preprocessing.ImageNet.For(63), model.Preprocessing);
    }

    [Fact]
    public void OfATrainingsFolderTheBestCheckpointIsRead()
    {
        Network network = NarrowNetworks.Torchvision(3);
        string folder = PathOf("run");
        FileNotFoundException none = Assert.Throws<FileNotFoundException>(() => ModelFile.Load(folder, network));
        Assert.Equal($"{folder}: no such file", none.Message);
        Directory.CreateDirectory(Path.Combine(folder, "checkpoints"));
        none = Assert.Throws<FileNotFoundException>(() => ModelFile.Load(folder, network));
        Assert.Contains("without checkpoints/best.safetensors", none.Message, StringComparison.Ordinal);
        using var model = new Model(NarrowNetworks.RandomWeights(network, 1));
        ModelFile.Save(Path.Combine(folder, "checkpoints", "best.safetensors"), model);
        using Model read = ModelFile.Load(folder, network);
        AssertSameWeights(model.Parameters, read.Parameters);
    }

    [Fact]
    public void ASavedModelComesBackWithEverything()
    {
        Network network = NarrowNetworks.Torchvision(3);
        using var model = new Model(
            NarrowNetworks.RandomWeights(network, 1),
            new Preprocessing { Resize = ResizeMode.Square, ResizeTo = 70, CropHeight = 63, CropWidth = 63, ChannelOrder = ChannelOrder.Bgr, Scale = 0.1f, Mean = [1e-7f, 2, 3] },
            [new("n01", "tench, Tinca"), new("n02", "\"gold\" fish"), new("n03", "Füchsin")]);
        string path = PathOf("model.safetensors");
        ModelFile.Save(path, model);
        using Model read = ModelFile.Load(path);
        Assert.Equal(network.ToJson(), read.Network.ToJson());
        AssertSameWeights(model.Parameters, read.Parameters);
        Assert.Equivalent(model.Classes, read.Classes, strict: true);
        Assert.Equal(model.Preprocessing, read.Preprocessing);
        // And PyTorch finds its names and shapes.
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.True(file.TryGet("classifier.1.weight", out NamedTensor? fc6));
        Assert.Equal([32, 576], fc6.Shape);
        Assert.True(file.TryGet("features.0.weight", out NamedTensor? conv1));
        Assert.Equal([8, 3, 11, 11], conv1.Shape);
    }

    [Fact]
    public void WhatPyTorchWroteIsWrittenBackTheSame()
    {
        using Model model = ModelFile.Load(Golden("formats/pytorch/f32.pth"), NarrowNetworks.Torchvision());
        string path = PathOf("back.safetensors");
        ModelFile.Save(path, model);
        using TensorFile before = TensorFile.Open(Golden("formats/pytorch/f32.pth")), after = TensorFile.Open(path);
        foreach (NamedTensor tensor in before.Tensors)
        {
            Assert.True(after.TryGet(tensor.Name, out NamedTensor? same));
            Assert.Equal(tensor.Shape, same.Shape);
            Assert.Equal(tensor.ToArray(), same.ToArray());
        }
    }

    [Theory]
    [InlineData("torchvision")]
    [InlineData("tensorflow")]
    [InlineData("paper")]
    [InlineData("caffe")]
    [InlineData("caffenet")]
    [InlineData("cifar10-quick")]
    public void AModelFileSaysWhichNetworkItHolds(string name)
    {
        // Only the metadata and the number of classes count here, so the file holds nothing but the last bias.
        Network network = name == "cifar10-quick" ? CudaConvnet.Quick(4) : NetworkCatalog.Get(name).Build(4, new Shape(67, 67, 3));
        string path = PathOf("m.safetensors"), bias = network.Parameters[^1].Name;
        using (var model = new Model(new ParameterSet(network)))
            SafetensorsWriter.Write(path, [TensorSource.Of(bias, [4], new float[4])], ModelMetadata.Describe(model));
        using TensorFile file = TensorFile.Open(path);
        Network read = ModelFile.Describe(file).Network;
        Assert.Equal(name, read.Name);
        Assert.Equal(network.InputShape, read.InputShape);
        Assert.Equal(network.OutputShape, read.OutputShape);
    }

    [Theory]
    [InlineData("features.0.weight", 64, "torchvision")]
    [InlineData("conv1.weight", 64, "tensorflow")]
    [InlineData("conv1/weights", 64, "tensorflow")]
    [InlineData("conv1.weight", 96, null)]
    [InlineData("conv1.weight", 50, null)]
    [InlineData("layer1.weight", 64, null)]
    public void ANetworkIsRecognizedByNamesAndShapes(string name, int width, string? expected)
    {
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(
            path,
            [TensorSource.Of(name, [width, 3, 11, 11], new float[width * 363]), TensorSource.Of(name.StartsWith('f') ? "classifier.6.bias" : "fc8.bias", [7], new float[7])],
            new Dictionary<string, string>());
        using TensorFile file = TensorFile.Open(path);
        if (expected is not null)
        {
            Network network = NetworkRecognition.Recognize(file, ModelMetadata.Read(file), null);
            Assert.Equal(expected, network.Name);
            Assert.Equal(7, network.OutputShape.Length);
        }
        else
        {
            string message = Assert.Throws<InvalidDataException>(() => NetworkRecognition.Recognize(file, ModelMetadata.Read(file), null)).Message;
            Assert.Contains("--network", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AMismatchNamesTensorExpectedAndFoundShape()
    {
        string path = Golden("formats/pytorch/f32.pth");
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path)).Message;
        Assert.Contains("'features.0.weight' has the shape [8, 3, 11, 11], but conv1.weight of network 'torchvision' needs [64, 3, 11, 11]", message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ModelFile.Load(path, "lenet"));
    }

    [Fact]
    public void ATensorTooManyOrTooFewIsRefused()
    {
        Network network = NarrowNetworks.Torchvision();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 2);
        List<TensorSource> tensors = WeightSources.Of(parameters);
        Assert.Contains("no tensor is fc8.bias", Error([.. tensors.SkipLast(1)]), StringComparison.Ordinal);
        Assert.Contains("'features.1.running_mean' [8]", Error([.. tensors, TensorSource.Of("features.1.running_mean", [8], new float[8])]), StringComparison.Ordinal);

        string Error(TensorSource[] sources)
        {
            SafetensorsWriter.Write(PathOf("x.safetensors"), sources, new Dictionary<string, string>());
            return Assert.Throws<InvalidDataException>(() => ModelFile.Load(PathOf("x.safetensors"), network)).Message;
        }
    }

    [Theory]
    [InlineData("alexnetsharp.classes", "[1,2]")]
    [InlineData("alexnetsharp.classes", "[null]")]
    [InlineData("alexnetsharp.classes", "{")]
    [InlineData("alexnetsharp.class_ids", "[\"a\"]")]
    [InlineData("alexnetsharp.input", "[0,0,0]")]
    [InlineData("alexnetsharp.input", "[1,2]")]
    [InlineData("alexnetsharp.input", "[2147483647,2147483647,3]")]
    [InlineData("alexnetsharp.network", "lenet")]
    [InlineData("alexnetsharp.training", "null")]
    public void BadMetadataIsRefused(string key, string value)
    {
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(
            path,
            [TensorSource.Of("features.0.weight", [64, 3, 11, 11], new float[64 * 363]), TensorSource.Of("classifier.6.bias", [7], new float[7])],
            new Dictionary<string, string> { [key] = value });
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("alexnetsharp.classes", "[\"\\u001b[2J\"]")]
    [InlineData("alexnetsharp.classes", "[\"a\\nb\"]")]
    [InlineData("alexnetsharp.classes", "[\"\"]")]
    [InlineData("alexnetsharp.training", "{\"network\":\"tensorflow\",\"classes\":[null]}")]
    [InlineData("alexnetsharp.training", "{\"network\":\"tensorflow\",\"classes\":[\"a\\u0007\"]}")]
    public void NamesOfClassesThatAreNoneAreRefused(string key, string value)
    {
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Of("a", [1], new float[1])], new Dictionary<string, string> { [key] = value });
        using TensorFile file = TensorFile.Open(path);
        Assert.Contains("metadata alexnetsharp.… cannot be read", Assert.Throws<InvalidDataException>(() => ModelMetadata.Read(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pt", false)]
    [InlineData(null, false)]
    [InlineData("alexnetsharp", true)]
    public void WhereTheShapeFitsBothOrdersTheFileSaysWhichItHas(string? format, bool native)
    {
        // 3 × 3 kernels from 3 channels to 3.
        var network = new Network("own", new Shape(5, 5, 3), [new Conv2d("conv1", 3, 3), new Flatten("flatten"), new Linear("fc8", 27)]);
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 9);
        string path = PathOf("own.safetensors");
        List<TensorSource> sources = native
            ? [.. parameters.Parameters.Select(p => TensorSource.Of(p.Name, [.. p.Spec.Dimensions.Select(size => (long)size)], NarrowNetworks.Dense(p)))]
            : WeightSources.Of(parameters);
        SafetensorsWriter.Write(path, sources, format is null ? [] : new Dictionary<string, string> { ["format"] = format });
        using Model read = ModelFile.Load(path, network);
        AssertSameWeights(parameters, read.Parameters);
    }

    [Fact]
    public void AnUnknownEndingIsRefused()
    {
        Network network = NarrowNetworks.Torchvision();
        using var model = new Model(new ParameterSet(network));
        Assert.Contains(".safetensors", Assert.Throws<ArgumentException>(() => ModelFile.Save(PathOf("m.bin"), model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCheckpointOfATrainingIsAModelToo()
    {
        Network network = NarrowNetworks.Narrow(AlexNet.TensorFlow(3, 67, reluAfterLogits: false), [8, 16, 24, 16, 16], 40);
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 5);
        IEnumerable<TensorSource> tensors = parameters.Parameters.SelectMany(parameter => (TensorSource[])
        [
            TensorSource.Of(parameter.Name, [.. parameter.Spec.Dimensions.Select(size => (long)size)], NarrowNetworks.Dense(parameter)),
            TensorSource.Of("optimizer/" + parameter.Name, [1], new float[1]),
        ]);
        string path = PathOf("last.safetensors");
        SafetensorsWriter.Write(path, [.. tensors], new Dictionary<string, string>
        {
            ["alexnetsharp.training"] = """{"network":"tensorflow","input":[67,67,3],"classes":["a","b","c"],"preprocessing":"{\"resizeTo\":80,\"cropHeight\":67,\"cropWidth\":67,\"channelOrder\":\"Rgb\",\"deviation\":[1,2,3]}","seed":1,"state":{}}""",
        });
        using Model model = ModelFile.Load(path, network);
        AssertSameWeights(parameters, model.Parameters);
        Assert.Equal(["a", "b", "c"], model.Classes.Select(c => c.Name));
        Assert.Equal(new Preprocessing { ResizeTo = 80, CropHeight = 67, CropWidth = 67, StandardDeviation = [1, 2, 3] }, model.Preprocessing);
    }

    internal static void AssertSameWeights(ParameterSet expected, ParameterSet actual)
    {
        Assert.Equal(expected.Parameters.Count, actual.Parameters.Count);
        for (int i = 0; i < expected.Parameters.Count; i++)
        {
            Assert.Equal(expected.Parameters[i].Name, actual.Parameters[i].Name);
            Assert.True(expected.Parameters[i].Storage.SequenceEqual(actual.Parameters[i].Storage), expected.Parameters[i].Name);
        }
    }

    [Fact]
    public void ParametersAloneHaveTheNamesOfAModelFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("model.safetensors"), gradients = folder.PathOf("gradients.safetensors");
        using var model = new Model(NarrowNetworks.RandomWeights(NarrowNetworks.Torchvision(), seed: 2));
        ModelFile.Save(path, model);
        ModelFile.SaveParameters(gradients, model.Parameters);
        using TensorFile expected = TensorFile.Open(path), actual = TensorFile.Open(gradients);
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name), actual.Tensors.Select(tensor => tensor.Name));
        Assert.Contains("features.0.weight", actual.Tensors.Select(tensor => tensor.Name));
    }
}
