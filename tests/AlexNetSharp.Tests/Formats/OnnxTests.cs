using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Models;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AlexNetSharp.Tests.Formats;

public class OnnxTests : FormatTest
{
    private static readonly int[] s_narrow = [8, 16, 24, 16, 16];

    public static TheoryData<string, int> Networks => new()
    {
        { "torchvision", 224 }, { "torchvision", 200 }, { "torchvision", 288 }, { "tensorflow", 224 }, { "tensorflow", 99 }, { "paper", 224 },
        { "caffe", 227 }, { "caffenet", 227 }, { "caffenet", 232 },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void ONNXRuntimeAgreesOnEveryNetwork(string name, int imageSize) =>
        AssertAgreement(NarrowNetworks.Narrow(NetworkCatalog.Get(name).Build(10, new Shape(imageSize, imageSize, 3)), s_narrow, 64), batch: 3);

    [Theory]
    [InlineData("torchvision")]
    [InlineData("tensorflow")]
    [InlineData("paper")]
    [InlineData("caffe")]
    [InlineData("caffenet")]
    public void ONNXRuntimeAgreesOnTheNetworksAtFullWidth(string name)
    {
        // Full convolutions, where rounding adds up; the fully connected layers are narrow to spare the disk.
        Network full = NetworkCatalog.Get(name).Build();
        AssertAgreement(NarrowNetworks.Narrow(full, [.. full.Layers.OfType<Conv2d>().Select(conv => conv.OutputChannels)], 128), batch: 1);
    }

    [Theory]
    [InlineData("vgg11", 96)]
    [InlineData("vgg16", 64)]
    [InlineData("overfeat", 231)]
    [InlineData("zfnet", 224)]
    [InlineData("nin", 224)]
    [InlineData("lenet5", 28)]
    public void ONNXRuntimeAgreesOnTheOtherNetworks(string name, int imageSize)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Network full = entry.Build(10, new Shape(imageSize, imageSize, entry.Preprocessing.Channels));
        // An eighth of the channels, but not of the classes.
        AssertAgreement(
            NarrowNetworks.Narrow(full, [.. full.Layers.OfType<Conv2d>().Select(conv => conv.OutputChannels == 10 ? 10 : (conv.OutputChannels + 7) / 8)], 32), batch: 2);
    }

    [Fact]
    public void ONNXRuntimeAgreesOnTheNetworksForCIFAR()
    {
        AssertAgreement(CudaConvnet.Quick(), batch: 4);
        AssertAgreement(CudaConvnet.Full(imageSize: 28, channels: 1), batch: 4);
    }

    [Fact]
    public void ATrainedModelGivesTheSameClassesInONNXRuntime()
    {
        Network network = SmallTraining.Network();
        using var model = new Model(ParameterSet.Initialize(network, seed: 1));
        IBatchSource validation = SmallTraining.Images(200, 32, seed: 2);
        using (var cpu = new CpuTraining(
            model.Parameters, SmallTraining.Images(400, 32, seed: 1, orderSeed: 7), validation,
            new TrainerOptions { Epochs = 4, Schedule = new ConstantRate(0.02) }, threads: 2))
            cpu.Trainer.Run(TestContext.Current.CancellationToken);

        string path = PathOf("trained.onnx");
        ModelFile.Save(path, model);
        using var session = new InferenceSession(path);
        int images = 0, right = 0;
        foreach (Batch batch in validation.Read(0, cancellationToken: TestContext.Current.CancellationToken))
        {
            float[] nchw = Nchw(batch.Input, batch.Count, network.InputShape);
            float[] theirs = RunOnnx(session, batch.Count, network.InputShape, nchw), ours = Run(network, model.Parameters, batch.Count, nchw);
            Compare.Close("logits", theirs, ours, Tolerances.OtherProgramLogits);
            for (int i = 0; i < batch.Count; i++)
            {
                int predicted = Top1(theirs, i);
                Assert.Equal(predicted, Top1(ours, i));
                right += predicted == batch.Labels[i] ? 1 : 0;
                images++;
            }
        }
        Assert.Equal(200, images);
        Assert.True(right > 150, $"{right} of 200: the network has learned too little for the comparison to mean anything");

        static int Top1(float[] logits, int image) => TensorPrimitives.IndexOfMax(logits.AsSpan(image * SmallTraining.Classes, SmallTraining.Classes));
    }

    [Fact]
    public void TheExporterSaysWhatItComputesOn()
    {
        Network network = NarrowNetworks.Torchvision(3);
        using var model = new Model(NarrowNetworks.RandomWeights(network, 1), Preprocessing.ImageNet.For(63), [new("n01", "a"), new("n02", "b"), new("n03", "c")]);
        string path = PathOf("m.onnx");
        ModelFile.Save(path, model);
        using var session = new InferenceSession(path);
        Assert.Equal([-1, 3, 63, 63], session.InputMetadata["input"].Dimensions);
        Assert.Equal([-1, 3], session.OutputMetadata["fc8"].Dimensions);
        Assert.Contains("\"classes\":[{\"id\":\"n01\",\"name\":\"a\"}", session.ModelMetadata.CustomMetadataMap["alexnetsharp.model"], StringComparison.Ordinal);
        Assert.Equal("AlexNetSharp", session.ModelMetadata.ProducerName);
        using Model back = ModelFile.Load(path);
        ModelFileTests.AssertSameWeights(model.Parameters, back.Parameters);
        Assert.Equivalent(model.Classes, back.Classes, strict: true);
        Assert.Equal(model.Preprocessing, back.Preprocessing);
    }

    [Theory]
    [InlineData("pytorch.onnx")]
    [InlineData("unnamed.onnx")]
    public void AModelExportedByPyTorchIsRead(string name)
    {
        using TensorFile file = TensorFile.Open(Golden("formats/onnx/" + name));
        Assert.Equal(TensorFileFormat.Onnx, file.Kind);
        Assert.False(file.IsFromCaffe);
        using Model model = ModelFile.Load(Golden("formats/onnx/" + name), NarrowNetworks.Torchvision());
        using Model same = ModelFile.Load(Golden("formats/pytorch/f32.pth"), NarrowNetworks.Torchvision());
        ModelFileTests.AssertSameWeights(same.Parameters, model.Parameters);
    }

    [Fact]
    public void PyTorchComputesTheSameLogits()
    {
        Network network = NarrowNetworks.Torchvision().WithInput(new Shape(224, 224, 3));
        using Model model = ModelFile.Load(Golden("formats/pytorch/f32.pth"), network);
        float[] image = new float[2 * 3 * 224 * 224];
        for (int i = 0; i < image.Length; i++)
            image[i] = PyTorchTests.Value(99, i) * 8;
        (float[] expected, long[] shape) = Npy.Load(Golden("formats/onnx/pytorch-logits.npy"));
        Assert.Equal([2, 10], shape);
        // Biases as large as these hide what the image does; the difference between the two images shows it.
        float[] actual = Run(network, model.Parameters, 2, image);
        Compare.Close("logits", expected, actual, Tolerances.OtherProgramLogits);
        Compare.Close("difference", Difference(expected), Difference(actual), Tolerances.OtherProgramLogits * 10);

        static float[] Difference(float[] logits) => [.. logits.Take(10).Zip(logits.Skip(10), (a, b) => a - b)];
    }

    [Fact]
    public void AMatrixTheOtherWayRoundAndASumBesideAProductAreUnderstood()
    {
        // graph { node { MatMul x, w → y }  node { Add b, y → z }  node { Gemm z, v, c → u }, initializers w [2,1], b [1], v [1,2], c [2] }
        ProtoWriter graph = new ProtoWriter()
            .Message(1, new ProtoWriter().Text(1, "x").Text(1, "w").Text(2, "y").Text(4, "MatMul"))
            .Message(1, new ProtoWriter().Text(1, "b").Text(1, "y").Text(2, "z").Text(4, "Add"))
            .Message(1, new ProtoWriter().Text(1, "z").Text(1, "v").Text(1, "c").Text(2, "u").Text(4, "Gemm"))
            .Message(5, Tensor("w", [2, 1], 1, 2)).Message(5, Tensor("b", [1], 3)).Message(5, Tensor("v", [1, 2], 4, 5)).Message(5, Tensor("c", [2], 6, 7))
            .Message(5, new ProtoWriter().Number(1, 1).Number(2, 7).Text(8, "shape").Number(7, 1));
        using TensorFile file = TensorFile.Read(Bytes(new ProtoWriter().Number(1, 8).Message(7, graph)), "x.onnx");
        Assert.Equal(["w", "b", "v", "c"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, 2], file.Tensors[0].Shape);
        Assert.Equal([2, 1], file.Tensors[2].Shape);
        Assert.Equal([4f, 5], file.Tensors[2].ToArray());
    }

    [Fact]
    public void WeightsInAnotherFileAndDamagedTensorsAreRefused()
    {
        ProtoWriter node = new ProtoWriter().Text(1, "x").Text(1, "w").Text(2, "y").Text(4, "Conv");
        Refuses(Model(Tensor("w", [1], 1).Number(14, 1)), "x.onnx", "lies in another file");
        Refuses(Model(Tensor("w", [2], 1)), "x.onnx", "needs 8 bytes, but has 4");
        Refuses(Model(Tensor("w", [-1], 1)), "x.onnx", "negative");
        Refuses(Model(new ProtoWriter().Number(1, 1L << 40).Number(1, 1L << 40).Number(2, 1).Text(8, "w")), "x.onnx", "overflows");
        Refuses(Model(new ProtoWriter().Text(8, "w").Number(2, 7).Number(7, 1)), "x.onnx", "no weights");
        Refuses(Bytes(new ProtoWriter().Number(1, 8)), "x.onnx", "no weights");

        byte[] Model(ProtoWriter tensor) => Bytes(new ProtoWriter().Number(1, 8).Message(7, new ProtoWriter().Message(1, node).Message(5, tensor)));
    }

    [Fact]
    public void HalvesWrittenAsNumbersAreRead()
    {
        // 1 and −2 as bits of halves, each a number of its own in int32_data.
        ProtoWriter numbers = new ProtoWriter().Number(1, 2).Number(2, 10).Text(8, "w").Announce(5, 6);
        byte[] tensor = [.. Bytes(numbers), 0x80, 0x78, 0x80, 0x80, 0x03, 0x00];
        // The third number pads the field to six bytes, so the tensor claims three elements.
        tensor[1] = 3;
        byte[] node = Bytes(new ProtoWriter().Text(1, "x").Text(1, "w").Text(4, "Conv"));
        byte[] graph = [.. Bytes(new ProtoWriter().Announce(1, node.Length)), .. node, .. Bytes(new ProtoWriter().Announce(5, tensor.Length)), .. tensor];
        using TensorFile file = TensorFile.Read([0x08, 8, .. Bytes(new ProtoWriter().Announce(7, graph.Length)), .. graph], "x.onnx");
        Assert.Equal([1f, -2f, 0f], file.Tensors[0].ToArray());
    }

    /// <summary>Exports random weights and requires the same logits from ONNX Runtime as from a plan.</summary>
    private void AssertAgreement(Network network, int batch)
    {
        using var model = new Model(NarrowNetworks.RandomWeights(network, 7));
        string path = PathOf(network.Name + ".onnx");
        ModelFile.Save(path, model);
        Shape shape = network.InputShape;
        var random = new System.Random(11);
        float[] image = new float[batch * shape.Length];
        for (int i = 0; i < image.Length; i++)
            image[i] = (float)(random.NextDouble() * 4 - 2);
        using var session = new InferenceSession(path);
        float[] expected = RunOnnx(session, batch, shape, image);
        double error = Compare.Close(network.Name, expected, Run(network, model.Parameters, batch, image), Tolerances.OtherProgramLogits);
        // The same file takes any batch: the first image alone.
        float[] first = RunOnnx(session, 1, shape, image[..(int)shape.Length]);
        Compare.Close(network.Name + ", one image", first, expected.AsSpan(0, first.Length), Tolerances.OtherProgramLogits);
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{network.Name} {shape}: {error:E2}"));
    }

    private static float[] RunOnnx(InferenceSession session, int batch, Shape shape, float[] nchw)
    {
        var input = new DenseTensor<float>(nchw, [batch, shape.Channels, shape.Height, shape.Width]);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run([NamedOnnxValue.CreateFromTensor("input", input)]);
        return [.. results[0].AsEnumerable<float>()];
    }

    private static float[] Nchw(ReadOnlySpan<float> nhwc, int batch, Shape shape)
    {
        int pixels = shape.Height * shape.Width;
        float[] nchw = new float[nhwc.Length];
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < shape.Channels; c++)
                for (int p = 0; p < pixels; p++)
                    nchw[(n * shape.Channels + c) * pixels + p] = nhwc[(n * pixels + p) * shape.Channels + c];
        return nchw;
    }

    /// <summary>The logits of a plan for images in the order batch, channel, row, column.</summary>
    private static float[] Run(Network network, ParameterSet parameters, int batch, float[] nchw)
    {
        using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = batch });
        Shape shape = network.InputShape;
        int pixels = shape.Height * shape.Width;
        Span<float> input = plan.Input;
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < shape.Channels; c++)
                for (int p = 0; p < pixels; p++)
                    input[(n * pixels + p) * shape.Channels + c] = nchw[(n * shape.Channels + c) * pixels + p];
        plan.Forward();
        return plan.Output.ToArray();
    }

    private static ProtoWriter Tensor(string name, long[] shape, params float[] values)
    {
        var tensor = new ProtoWriter();
        foreach (long size in shape)
            tensor.Number(1, size);
        tensor.Number(2, 1).Text(8, name);
        foreach (float value in values)
            tensor.Float(4, value);
        return tensor;
    }

    private static byte[] Bytes(ProtoWriter message)
    {
        using var stream = new MemoryStream();
        message.CopyTo(stream);
        return stream.ToArray();
    }
}
