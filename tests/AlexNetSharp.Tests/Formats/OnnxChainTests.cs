using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Models;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AlexNetSharp.Tests.Formats;

/// <summary>Graphs by other programs, read as chains of layers (fixtures by tools/golden/make_chains.py), and where their weights may lie.</summary>
public class OnnxChainTests : FormatTest
{
    private const int Batch = 3;

    public static TheoryData<string> Same => [.. Names("same")];

    public static TheoryData<string, string> Refused => new()
    {
        { "branch", "node 'shortcut' (Add): reads 'c' as node 'relu' (Relu) does" },
        { "sigmoid", "node 'act' (Sigmoid): is not supported" },
        { "leaky", "node 'act' (LeakyRelu): is not supported" },
        { "softmax-inside", "node 'soft' (Softmax): is not supported" },
        { "quantized", "node 'quantize' (QuantizeLinear): rounds activations" },
        { "late-norm", "node 'norm' (BatchNormalization): does not come right after a convolution" },
        { "dilated", "node 'holes' (Conv): has dilations of [2, 2]" },
        { "slanted", "node 'pool' (MaxPool): has windows of [2, 3]" },
        { "computed", "node 'conv2' (Conv): has weights that node 'positive' (Relu) computes" },
        { "turned", "node 'turn' (Transpose): makes maps of [batch, height, width, channels] the output" },
        { "foreign", "node 'odd' (Relu): belongs to 'com.example'" },
        { "padded", "node 'zeros' (Pad): puts zeros around the input of node 'pool' (MaxPool)" },
        { "mirrored", "node 'mirror' (Pad): does something else than put a constant number of zeros" },
        { "reshaped", "node 'reshape' (Reshape): makes something else of [12, 12, 3]" },
    };

    [Theory, MemberData(nameof(Same))]
    public void EveryWayOfWritingANetworkGivesItsValues(string name)
    {
        using Model reference = ModelFile.Load(Golden("formats/chains/same/opset13.onnx")), model = ModelFile.Load(Golden($"formats/chains/same/{name}.onnx"));
        Assert.Equal(reference.Network.InputShape, model.Network.InputShape);
        float[] images = Images(model.Network.InputShape);
        Compare.Close(name, Run(reference, images), Run(model, images), Tolerances.Direct(3 * 9));
    }

    [Theory]
    [InlineData("same/opset7")]
    [InlineData("same/opset13")]
    [InlineData("same/matmul13")]
    [InlineData("same/int813")]
    [InlineData("same/pad13")]
    [InlineData("same/view13")]
    [InlineData("global")]
    public void ONNXRuntimeComputesTheSame(string name)
    {
        string path = Golden($"formats/chains/{name}.onnx");
        using Model model = ModelFile.Load(path);
        Shape shape = model.Network.InputShape;
        float[] images = Images(shape);
        using var session = new InferenceSession(path);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(images, [Batch, shape.Channels, shape.Height, shape.Width]))]);
        // Those graphs end in a softmax, ours in logits.
        Compare.Close(name, results[0].AsEnumerable<float>().ToArray(), Softmax(Run(model, images), (int)model.Network.OutputShape.Length), Tolerances.OtherProgramLogits);
    }

    [Fact]
    public void ANetworkOfTheCatalogIsRecognizedByWhatItComputes()
    {
        Network network = NetworkCatalog.Get("nin").Build(7, new Shape(67, 67, 3));
        using var model = new Model(NarrowNetworks.RandomWeights(network, 3));
        string path = PathOf("nin.onnx"), other = PathOf("other.onnx");
        ModelFile.Save(path, model);
        // The same file without the text that carries the network.
        File.WriteAllBytes(other, Replaced(File.ReadAllBytes(path), "alexnetsharp.model", "somebodyelse.model"));
        using Model read = ModelFile.Load(other);
        Assert.Equal("nin", read.Network.Name);
        Assert.Equal(NetworkCatalog.Get("nin").Preprocessing.For(67), read.Preprocessing);
        ModelFileTests.AssertSameWeights(model.Parameters, read.Parameters);
    }

    [Fact]
    public void TheExportersAlexNetIsTorchvisions()
    {
        NetworkDefinition definition = NetworkDefinition.Load(Golden("formats/onnx/pytorch.onnx"));
        Assert.Equal(["features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1", "classifier.4", "classifier.6"],
            definition.Network.Layers.Where(layer => layer is Conv2d or Linear).Select(layer => layer.Name));
        Assert.True(NetworkEquivalence.Same(NarrowNetworks.Torchvision().WithInput(new Shape(224, 224, 3)), definition.Network));
    }

    [Theory, MemberData(nameof(Refused))]
    public void WhatIsNoChainIsRefusedByNodeAndType(string name, string expected)
    {
        string path = Golden($"formats/chains/refused/{name}.onnx");
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path)).Message;
        Assert.StartsWith(path + ": at byte ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void EveryRefusedGraphHasATest() => Assert.Equal(Names("refused").Order(), Refused.Select(row => row.Data.Item1).Order());

    [Fact]
    public void WeightsInAFileBesideTheModelAreRead()
    {
        Directory.CreateDirectory(PathOf("parts"));
        File.WriteAllBytes(PathOf("parts/w.bin"), [9, 9, 9, 9, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)]);
        string path = PathOf("m.onnx");
        foreach (string location in (string[])["parts/w.bin", "./parts/w.bin"])
        {
            File.WriteAllBytes(path, External(location, "4", "8"));
            using TensorFile file = TensorFile.Open(path);
            Assert.Equal([1.5f, -2f], file.Tensors[0].ToArray());
        }
    }

    [Theory]
    [InlineData("../w.bin", "0", "8", "no path inside the model's folder")]
    [InlineData("parts/../../w.bin", "0", "8", "no path inside the model's folder")]
    [InlineData("/etc/hostname", "0", "8", "no path inside the model's folder")]
    [InlineData("parts\\w.bin", "0", "8", "no path inside the model's folder")]
    [InlineData("", "0", "8", "no path inside the model's folder")]
    [InlineData("none.bin", "0", "8", "which is not there")]
    [InlineData("link.bin", "0", "8", "a link that leads out of the model's folder")]
    [InlineData("folder-link/w.bin", "0", "8", "a link that leads out of the model's folder")]
    [InlineData("w.bin", "4", "8", "needs 8 bytes at byte 4, but the file ends at byte 8")]
    [InlineData("w.bin", "99999999999999999", "8", "needs 8 bytes at byte 99999999999999999")]
    [InlineData("w.bin", "0", "4", "would hold 4")]
    [InlineData("w.bin", "-4", "8", "is no number")]
    [InlineData("w.bin", "x", "8", "is no number")]
    public void FilesElsewhereAndBytesOutsideAreRefused(string location, string offset, string length, string expected)
    {
        string folder = PathOf("model"), outside = PathOf("w.bin"), path = Path.Combine(folder, "m.onnx");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(outside, new byte[8]);
        File.WriteAllBytes(Path.Combine(folder, "w.bin"), new byte[8]);
        File.CreateSymbolicLink(Path.Combine(folder, "link.bin"), outside);
        Directory.CreateSymbolicLink(Path.Combine(folder, "folder-link"), Folder);
        File.WriteAllBytes(path, External(location, offset, length));
        string message = Assert.Throws<InvalidDataException>(() => TensorFile.Open(path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ALinkedModelFindsWhatLiesBesideItsTarget()
    {
        Directory.CreateDirectory(PathOf("blobs"));
        Directory.CreateDirectory(PathOf("snapshot"));
        File.WriteAllBytes(PathOf("blobs/1"), External("w.bin", "0", "8"));
        File.WriteAllBytes(PathOf("blobs/2"), [.. BitConverter.GetBytes(3f), .. BitConverter.GetBytes(4f)]);
        File.CreateSymbolicLink(PathOf("snapshot/m.onnx"), "../blobs/1");
        File.CreateSymbolicLink(PathOf("snapshot/w.bin"), "../blobs/2");
        using TensorFile file = TensorFile.Open(PathOf("snapshot/m.onnx"));
        Assert.Equal([3f, 4f], file.Tensors[0].ToArray());
    }

    [Fact]
    public void OneWeightThatManyNodesUseCannotFillTheMemory()
    {
        // A matrix of 64 KB and a thousand products with it: 64 MB of weights from a file of 80 KB.
        var graph = new ProtoWriter().Message(11, new ProtoWriter().Text(1, "v0"));
        for (int i = 0; i < 1000; i++)
            graph.Message(1, new ProtoWriter().Text(1, $"v{i}").Text(1, "w").Text(2, $"v{i + 1}").Text(4, "MatMul"));
        graph.Message(5, new ProtoWriter().Number(1, 128).Number(1, 128).Number(2, 1).Text(8, "w").Bytes(9, new byte[128 * 128 * 4]));
        Refuses(Bytes(new ProtoWriter().Number(1, 8).Message(7, graph)), "x.onnx", "would need more than 16 times the bytes of the file");
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(Golden("formats/chains/" + folder), "*.onnx").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    /// <summary>A model whose convolution has weights [2] in another file.</summary>
    private static byte[] External(string location, string offset, string length)
    {
        ProtoWriter Entry(string key, string value) => new ProtoWriter().Text(1, key).Text(2, value);
        ProtoWriter tensor = new ProtoWriter().Number(1, 2).Number(2, 1).Text(8, "w")
            .Message(13, Entry("location", location)).Message(13, Entry("offset", offset)).Message(13, Entry("length", length)).Number(14, 1);
        ProtoWriter node = new ProtoWriter().Text(1, "x").Text(1, "w").Text(2, "y").Text(4, "Conv");
        return Bytes(new ProtoWriter().Number(1, 8).Message(7, new ProtoWriter().Message(1, node).Message(5, tensor)));
    }

    private static byte[] Replaced(byte[] data, string text, string other)
    {
        int at = data.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text));
        System.Text.Encoding.ASCII.GetBytes(other).CopyTo(data, at);
        return data;
    }

    private static float[] Images(Shape shape)
    {
        var random = new System.Random(4);
        return [.. Enumerable.Range(0, Batch * (int)shape.Length).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    /// <summary>The logits for images in the order batch, channel, row, column.</summary>
    private static float[] Run(Model model, float[] nchw)
    {
        Shape shape = model.Network.InputShape;
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = Batch });
        int pixels = shape.Height * shape.Width;
        for (int i = 0; i < nchw.Length; i++)
            plan.Input[(i / (pixels * shape.Channels) * pixels + i % pixels) * shape.Channels + i / pixels % shape.Channels] = nchw[i];
        plan.Forward();
        return plan.Output.ToArray();
    }

    private static float[] Softmax(float[] logits, int classes) =>
        [.. logits.Chunk(classes).SelectMany(image => image.Select(value => (float)(Math.Exp(value) / image.Sum(v => Math.Exp(v)))))];

    private static byte[] Bytes(ProtoWriter message) => message.Written.ToArray();
}
