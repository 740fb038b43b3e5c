using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Execution;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Models;

/// <summary>The networks beside the AlexNets: sizes as published, PyTorch's own files of VGG, and thirteen Winograd layers against float64.</summary>
public class VggTests : FormatTest
{
    /// <summary>torchvision's vgg16 with the widths of tools/golden/make_vgg.py.</summary>
    internal static Network Narrow(int imageSize = 224) => NarrowNetworks.Narrow(
        NetworkCatalog.Get("vgg16").Build(10, new Shape(imageSize, imageSize, 3)), [2, 2, 4, 4, 8, 8, 8, 16, 16, 16, 16, 16, 16], 8);

    // Counts that the sources publish: torchvision's documentation; Caffe's 7.6 M for NiN and 431 k for LeNet follow from their layers.
    [Theory]
    [InlineData("vgg11", 132_863_336)]
    [InlineData("vgg13", 133_047_848)]
    [InlineData("vgg16", 138_357_544)]
    [InlineData("vgg19", 143_667_240)]
    [InlineData("overfeat", 145_920_872)]
    [InlineData("zfnet", 62_357_608)]
    [InlineData("nin", 7_595_176)]
    [InlineData("lenet5", 431_080)]
    public void ParametersAreAsManyAsPublished(string name, long parameters)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Network network = entry.Build();
        Assert.Equal(name, network.Name);
        Assert.Equal(parameters, network.ParameterCount);
        Assert.Equal(Shape.Vector(entry.Classes), network.OutputShape);
        Assert.Equal(3, entry.Build(3).OutputShape.Length);
        Assert.Equal(3, network.WithHead(3).OutputShape.Length);
    }

    [Fact]
    public void MapsAreAsWideAsInTheSources()
    {
        Assert.Equal([110, 55, 26, 13, 13, 13, 13, 6], Widths("zfnet"));
        Assert.Equal([54, 54, 54, 27, 27, 27, 27, 13, 13, 13, 13, 6, 6, 6, 6, 1], Widths("nin"));
        Assert.Equal([56, 28, 24, 12, 12, 12, 12, 6], Widths("overfeat"));
        Assert.Equal([24, 12, 8, 4], Widths("lenet5"));

        static int[] Widths(string name)
        {
            Network network = NetworkCatalog.Get(name).Build();
            return [.. Enumerable.Range(0, network.Layers.Count).Where(i => network.Layers[i] is Conv2d or MaxPool2d or AdaptiveAvgPool2d).Select(i => network.OutputOf(i).Width)];
        }
    }

    [Fact]
    public void PyTorchsOwnFileIsReadByItsNamesAndGivesItsLogits()
    {
        Network network = Narrow(64);
        using Model model = ModelFile.Load(Golden("formats/pytorch/vgg16.pth"), network);
        Assert.All(model.Transfers, transfer => Assert.Equal(transfer.Source, transfer.Parameter));
        (float[] expected, _) = Npy.Load(Golden("formats/pytorch/vgg16-logits.npy"));
        using var plan = new Plan(network, model.Parameters, new PlanOptions { BatchSize = 2 });
        for (int i = 0; i < plan.Input.Length; i++)
            plan.Input[(i / (3 * 4096) * 4096 + i % 4096) * 3 + i / 4096 % 3] = PyTorchTests.Value(7, i) * 8;
        plan.Forward();
        Compare.Close("logits", expected, plan.Output, Tolerances.FullNetworkOutput);
    }

    [Fact]
    public void ItsExportersGraphIsTheSameNetworkAndWrittenBackItGoesIntoPyTorch()
    {
        using Model exported = ModelFile.Load(Golden("formats/onnx/vgg16.onnx"));
        Assert.True(NetworkEquivalence.Same(Narrow(), exported.Network));
        using Model saved = ModelFile.Load(Golden("formats/pytorch/vgg16.pth"), Narrow());
        for (int i = 0; i < saved.Parameters.Parameters.Count; i++)
            Assert.Equal(NarrowNetworks.Dense(saved.Parameters.Parameters[i]), NarrowNetworks.Dense(exported.Parameters.Parameters[i]));
        string path = PathOf("back.safetensors");
        ModelFile.Save(path, saved);
        using TensorFile before = TensorFile.Open(Golden("formats/pytorch/vgg16.pth")), after = TensorFile.Open(path);
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name), after.Tensors.Select(tensor => tensor.Name));
        foreach (NamedTensor tensor in before.Tensors)
            Assert.Equal(tensor.ToArray(), after.Tensors.Single(other => other.Name == tensor.Name).ToArray());
    }

    [Fact]
    public void ByNamesAndShapesAFileShowsWhichVGGItIs()
    {
        foreach (string name in (string[])["vgg11", "vgg16", "nin", "lenet5"])
        {
            Network network = NetworkCatalog.Get(name).Build(5);
            using var file = new TensorFile(
                "x.pth", TensorFileFormat.PyTorch,
                [.. network.Parameters.Select(spec => new NamedTensor("module." + spec.Name, TensorType.F32, WeightMapping.Foreign(spec), default, 0, null))], [],
                FileBytes.Of(new byte[1 << 28], "x.pth"));
            Network found = NetworkRecognition.Recognize(file, ModelMetadata.Read(file), null);
            Assert.Equal(network.ToJson(), found.ToJson());
        }
    }

    /// <summary>Weights and their gradients are 1.1 GB of it; the rest are activations and transformed kernels.</summary>
    [Fact]
    public void AStepOfVGG16AtBatch8NeedsAtMost2GiB() =>
        Assert.InRange(Plan.EstimateMemory(NetworkCatalog.Get("vgg16").Build(), new PlanOptions { BatchSize = 8, Threads = 2, Gradients = GradientScope.All }), 1_000_000_000, 2L << 30);
}

/// <summary>VGG's convolutions at their full width against the float64 oracle, on small images; the whole of it on demand.</summary>
[Collection(nameof(Alone)), Trait(Slow.Name, Slow.Value)]
public class FullVggTests
{
    [Theory]
    [InlineData(48)]
    public void TheConvolutionsOfVgg16AgreeWithTheOracle(int imageSize)
    {
        // Fully connected layers of 4096 are compared in the notebook's network; these here have 124 million weights.
        Network whole = NetworkCatalog.Get("vgg16").Build(input: new Shape(imageSize, imageSize, 3));
        Check(new Network("vgg16", whole.InputShape, [.. whole.Layers.TakeWhile(layer => layer is Conv2d or ReLU or MaxPool2d), new Linear("fc", 10)]), sameDecisions: false);
    }

    /// <summary>
    /// Takes minutes and some gigabytes. Among 13 million ReLUs and maxima there are some that rounding decides otherwise than float64, and each sends
    /// its gradient another way. Here the oracle takes those decisions from the plan, and what remains is the error of the arithmetic.
    /// </summary>
    [Fact(Explicit = true)]
    public void Vgg16AtItsOwnSizeAgreesWithTheOracle() => Check(NetworkCatalog.Get("vgg16").Build(), sameDecisions: true);

    /// <summary>The oracle's backward with the plan's ReLUs and maxima.</summary>
    private static void TakeDecisions(OracleNetwork oracle, Plan plan)
    {
        Network network = plan.Network;
        int otherReLUs = 0;
        for (int i = 1; i < network.Layers.Count; i++)
        {
            // The output of a ReLU is above zero where its input is.
            string? decides = network.Layers[i] switch { ReLU relu => relu.Name, MaxPool2d => network.Layers[i - 1].Name, _ => null };
            if (decides is null)
                continue;
            Shape shape = network.InputOf(i);
            OracleTensor values = OracleTensor.From(plan.Activation(decides), plan.BatchSize, shape.Height, shape.Width, shape.Channels);
            if (network.Layers[i] is ReLU)
                otherReLUs += oracle.Layers[i].Decided.Zip(values.Data).Count(pair => pair.First > 0 != pair.Second > 0);
            oracle.Layers[i].DecideBy(values);
        }
        Report("ReLUs decided otherwise", otherReLUs);
    }

    private static void Check(Network network, bool sameDecisions)
    {
        int imageSize = network.InputShape.Height;
        using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
        using var plan = new Plan(network, parameters, new PlanOptions
        {
            BatchSize = 1,
            Gradients = GradientScope.All,
            InputGradient = true,
            KeepActivations = sameDecisions,
        });
        TinyNetworks.Fill(plan.Input, seed: 2);
        plan.Forward();
        OracleNetwork oracle = OracleFromNetwork.Create(network, parameters);
        OracleTensor output = oracle.Forward(OracleTensor.From(plan.Input, 1, imageSize, imageSize, 3));
        Report("logits", Compare.Close("logits", output.Data, plan.Output, Tolerances.FullNetworkOutput));

        if (sameDecisions)
            TakeDecisions(oracle, plan);
        (_, OracleTensor gradient) = OracleLoss.L2(output);
        plan.Output.CopyTo(plan.OutputGradient);
        plan.Backward();
        OracleTensor gradInput = oracle.Backward(gradient);
        Report("images", Compare.Close("gradient of the images", gradInput.Data, plan.InputGradient, Tolerances.FullNetworkGradient));
        foreach (OracleParameter p in oracle.Parameters)
            Report(p.Name, Compare.Close(
                $"gradient of {p.Name}", p.Gradient, OracleFromNetwork.ReadFloats(plan.Gradients![p.Name]), Tolerances.FullNetworkGradient));
    }

    private static void Report(string what, double error) =>
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{what}: {error:E1}"));
}
