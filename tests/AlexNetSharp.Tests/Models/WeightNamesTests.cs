using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Models;

/// <summary>Names that wrappers changed, layers that have other names, and whose colors come first.</summary>
public class WeightNamesTests : FormatTest
{
    private static readonly string[] s_cifar = ["conv1", "conv2", "conv3", "fc64", "fc10"];

    [Theory]
    [InlineData("features.module.0.weight", "features.0.weight")]
    [InlineData("module.features.0.weight", "features.0.weight")]
    [InlineData("_orig_mod.module.conv1.bias", "conv1.bias")]
    [InlineData("model.net.backbone.fc.weight", "fc.weight")]
    [InlineData("conv1.weight", "conv1.weight")]
    [InlineData("model.weight", "model.weight")]
    [InlineData("module.model.weight", "model.weight")]
    [InlineData("modules.0.weight", "modules.0.weight")]
    [InlineData("model", "model")]
    public void WrappersAreTakenOffWhereverTheyStand(string name, string expected) => Assert.Equal(expected, WeightNames.Unwrapped(name));

    [Theory]
    [InlineData("module.")]
    [InlineData("_orig_mod.")]
    [InlineData("model.")]
    [InlineData("net.")]
    [InlineData("backbone.")]
    [InlineData("module._orig_mod.model.")]
    public void EveryFormatIsReadWithThem(string wrapper)
    {
        Network network = CudaConvnet.Quick();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 4);
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(path, WeightSources.Of(parameters, name => wrapper + name), new Dictionary<string, string> { ["format"] = "pt" });
        using (Model named = ModelFile.Load(path, "cifar10-quick"))
            ModelFileTests.AssertSameWeights(parameters, named.Parameters);
        using Model found = ModelFile.Load(path);
        Assert.Equal("cifar10-quick", found.Network.Name);

        string caffe = PathOf("m.caffemodel");
        File.WriteAllBytes(caffe, Caffemodel(parameters, [.. s_cifar.Select(name => wrapper + name)]));
        using Model read = ModelFile.Load(caffe, "cifar10-quick");
        ModelFileTests.AssertSameWeights(parameters, read.Parameters);
    }

    [Fact]
    public void TwoTensorsNeverBecomeOne()
    {
        Network network = CudaConvnet.Quick();
        using ParameterSet student = NarrowNetworks.RandomWeights(network, 4), teacher = NarrowNetworks.RandomWeights(network, 5);
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(
            path, [.. WeightSources.Of(student, name => "model." + name), .. WeightSources.Of(teacher, name => "module." + name)], new Dictionary<string, string>());
        Assert.Contains("no tensor is conv1.weight", Assert.Throws<InvalidDataException>(() => ModelFile.Load(path, network)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhereNamesDoNotTheOrderOfTheLayersDecides()
    {
        Network network = CudaConvnet.Quick();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 4);
        string path = PathOf("m.caffemodel");
        File.WriteAllBytes(path, Caffemodel(parameters, ["conv1", "conv2", "conv3", "ip1", "ip2_mine"]));
        foreach (string? name in (string?[])["cifar10-quick", null])
        {
            using Model model = ModelFile.Load(path, name);
            ModelFileTests.AssertSameWeights(parameters, model.Parameters);
            Assert.Equal("cifar10-quick", model.Network.Name);
            Assert.Equal("", model.Transfers[0].FileChange);
            Assert.Equal(("ip2_mine.weight", "fc10.weight", "by order"), (model.Transfers[8].Source, model.Transfers[8].Parameter, model.Transfers[8].FileChange));
        }
    }

    [Fact]
    public void NamesAtOtherPlacesAreNotOverruledByTheOrder()
    {
        Network network = CudaConvnet.Quick();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 4);
        string path = PathOf("m.caffemodel");
        // The second layer is called as the third is here: neither the names nor the order can be right.
        File.WriteAllBytes(path, Caffemodel(parameters, ["conv1", "conv3", "other", "fc64", "fc10"]));
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path, network)).Message;
        Assert.Contains("no tensor is conv2.weight", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingNameIsMetWithWhatItCouldBe()
    {
        Network network = CudaConvnet.Quick();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 4);
        string path = PathOf("m.safetensors");
        SafetensorsWriter.Write(path, WeightSources.Of(parameters, name => name.Replace("fc10", "head", StringComparison.Ordinal)), new Dictionary<string, string>());
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path, network)).Message;
        Assert.Contains("by its shape it could be 'head.weight'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void CaffesNetworksForCIFARReadRedFirst()
    {
        // Caffe fills its CIFAR-10 databases from the dataset's own planes, red first: nothing is turned round.
        using ParameterSet parameters = NarrowNetworks.RandomWeights(CudaConvnet.Quick(), 4);
        string path = PathOf("m.caffemodel");
        File.WriteAllBytes(path, Caffemodel(parameters, s_cifar));
        using Model model = ModelFile.Load(path, "cifar10-quick");
        Assert.DoesNotContain("BGR", model.Transfers[0].Change, StringComparison.Ordinal);
    }

    [Fact]
    public void VGGsCaffeWeightsAreTurnedAndPreparedAsTheirAuthorsDid()
    {
        Network network = VggTests.Narrow();
        using ParameterSet parameters = NarrowNetworks.RandomWeights(network, 4);
        string path = PathOf("m.caffemodel");
        File.WriteAllBytes(path, Caffemodel(parameters, [.. Enumerable.Range(1, 16).Select(i => $"layer{i}")]));
        using Model model = ModelFile.Load(path, network);
        Assert.Contains("BGR → RGB", model.Transfers[0].FileChange, StringComparison.Ordinal);
        Assert.Equal([123.68f, 116.779f, 103.939f], model.Preprocessing!.Mean);
        Assert.Equal(1, model.Preprocessing.Scale);
    }

    /// <summary>A .caffemodel of today: layer 100 { name 1, blobs 7 { shape 7 { dim 1 }, data 5 } }.</summary>
    internal static byte[] Caffemodel(ParameterSet parameters, string[] names)
    {
        var net = new ProtoWriter().Text(1, "net");
        List<TensorSource> sources = WeightSources.Of(parameters, torchvisionNames: false);
        for (int i = 0; i < names.Length; i++)
        {
            var layer = new ProtoWriter().Text(1, names[i]);
            foreach (TensorSource source in sources.GetRange(2 * i, 2))
            {
                using var stream = new MemoryStream();
                source.WriteTo(stream);
                var shape = new ProtoWriter();
                foreach (long size in source.Shape)
                    shape.Number(1, size);
                layer.Message(7, new ProtoWriter().Message(7, shape).Bytes(5, stream.ToArray()));
            }
            net.Message(100, layer);
        }
        return net.Written.ToArray();
    }
}
