using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Models;

/// <summary>State dicts with batch normalization behind convolutions, as torchvision's vgg16_bn: taken into the weights when they are read.</summary>
public class BatchNormalizationTests : FormatTest
{
    /// <summary>torchvision's vgg16_bn with the widths of tools/golden/make_vgg.py, in half precision, and PyTorch's logits in float64.</summary>
    [Fact]
    public void PyTorchsOwnVggWithNormalizationIsReadAndGivesItsLogits()
    {
        Network network = VggTests.Narrow(64);
        using Model model = ModelFile.Load(Golden("formats/pytorch/vgg16_bn.pth"), network);
        Assert.Equal(("features.3.weight", "features.2.weight", "features.4 taken in"), (model.Transfers[2].Source, model.Transfers[2].Parameter, model.Transfers[2].FileChange));
        Assert.Equal(("classifier.6.bias", ""), (model.Transfers[^1].Source, model.Transfers[^1].FileChange));
        (float[] expected, _) = Npy.Load(Golden("formats/pytorch/vgg16_bn-logits.npy"));
        using var plan = new Plan(network, model.Parameters, new PlanOptions { BatchSize = 2 });
        for (int i = 0; i < plan.Input.Length; i++)
            plan.Input[(i / (3 * 4096) * 4096 + i % 4096) * 3 + i / 4096 % 3] = PyTorchTests.Value(7, i) * 8;
        plan.Forward();
        Compare.Close("logits", expected, plan.Output, Tolerances.FullNetworkOutput);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("module.", true)]
    [InlineData("", false)]
    public void WeightsAndBiasAreThoseOfTheFormula(string wrapper, bool affine)
    {
        var tensors = new List<TensorSource>();
        float[] kernels = Values(4 * 3 * 9, 1), mean = Values(4, 2), variance = [.. Values(4, 3).Select(value => value * value + 0.1f)], scale = Values(4, 4), shift = Values(4, 5), matrix = Values(2 * 4, 6);
        Add("features.0.weight", [4, 3, 3, 3], kernels);
        Add("features.1.running_mean", [4], mean);
        Add("features.1.running_var", [4], variance);
        if (affine)
        {
            Add("features.1.weight", [4], scale);
            Add("features.1.bias", [4], shift);
        }
        Add("classifier.0.weight", [2, 4], matrix);
        Add("classifier.0.bias", [2], [1, 2]);
        string path = PathOf("x.safetensors");
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>());
        var network = new Network("own", new Shape(3, 3, 3), [new Conv2d("features.0", 4, 3), new ReLU("features.1"), new Flatten("flatten"), new Linear("classifier.0", 2)]);
        using Model model = ModelFile.Load(path, network);
        float[] bias = NarrowNetworks.Dense(model.Parameters["features.0.bias"]), read = NarrowNetworks.Dense(model.Parameters["features.0.weight"]);
        for (int o = 0; o < 4; o++)
        {
            double factor = (affine ? scale[o] : 1) / Math.Sqrt(variance[o] + 1e-5);
            Assert.Equal((float)(-mean[o] * factor + (affine ? shift[o] : 0)), bias[o]);
            for (int i = 0; i < 27; i++)
                Assert.Equal((float)(kernels[o * 27 + i] * factor), read[(i % 9 * 3 + i / 9) * 4 + o]);
        }

        void Add(string name, long[] shape, float[] values) => tensors.Add(TensorSource.Of(wrapper + name, shape, values));
    }

    [Theory]
    [InlineData("vgg11", 0, 4, 8, 11, 15, 18, 22, 25)]
    [InlineData("vgg13", 0, 3, 7, 10, 14, 17, 21, 24, 28, 31)]
    [InlineData("vgg16", 0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40)]
    [InlineData("vgg19", 0, 3, 7, 10, 14, 17, 20, 23, 27, 30, 33, 36, 40, 43, 46, 49)]
    public void EveryVggWithNormalizationIsRecognizedByNamesAndShapes(string name, params int[] numbers)
    {
        // torchvision's numbers: of a convolution, its normalization and its ReLU each one. Hidden layers are narrow, which only the widths of the last decide.
        Network network = NetworkCatalog.Get(name).Build(5);
        var tensors = new List<NamedTensor>();
        int conv = 0;
        foreach (ParameterSpec spec in network.Parameters)
        {
            string own = spec.Name;
            if (own.StartsWith("features.", StringComparison.Ordinal))
                own = $"features.{numbers[conv / 2]}{own[own.LastIndexOf('.')..]}";
            tensors.Add(Zeros(own, WeightMapping.Foreign(spec)));
            if (own.StartsWith("features.", StringComparison.Ordinal) && conv++ % 2 == 1)
                foreach (string role in (string[])["weight", "bias", "running_mean", "running_var"])
                    tensors.Add(Zeros($"features.{numbers[conv / 2 - 1] + 1}.{role}", WeightMapping.Foreign(spec)));
        }
        using var file = new TensorFile("x.pth", TensorFileFormat.PyTorch, tensors, [], FileBytes.Of(new byte[1 << 28], "x.pth"));
        Assert.Equal(network.Parameters.Select(spec => spec.Name).Order(), BatchNormalization.TakenIn(file)!.Select(entry => entry.Name).Order());

        static NamedTensor Zeros(string name, long[] shape)
        {
            // The large matrices stay without bytes; only convolutions are computed with.
            long count = shape.Aggregate(1L, (a, b) => a * b);
            return new NamedTensor(name, TensorType.F32, shape, name.StartsWith("features", StringComparison.Ordinal) ? new byte[count * 4] : default, 0, null);
        }
    }

    [Theory]
    [InlineData("features.2", 4)]
    [InlineData("bn1", 4)]
    [InlineData("features.1", 5)]
    public void ANormalizationThatMayStandElsewhereIsRefused(string norm, int channels)
    {
        string path = PathOf("x.safetensors");
        SafetensorsWriter.Write(path,
            [
                TensorSource.Of("features.0.weight", [4, 3, 3, 3], Values(108, 1)),
                TensorSource.Of(norm + ".running_mean", [channels], Values(channels, 2)),
                TensorSource.Of(norm + ".running_var", [channels], Values(channels, 3)),
            ], new Dictionary<string, string>());
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path).Dispose()).Message;
        Assert.Contains($"the batch normalization '{norm}' of {channels} channels is no member of a Sequential right behind a layer of as many outputs", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static float[] Values(int count, int seed)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
