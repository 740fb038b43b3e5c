using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Networks;

public class NetworkJsonTests
{
    private const string Small = """
        {
          "version": 1,
          "name": "small",
          "input": [9, 9, 3],   // comments are allowed
          "layers": [
            { "type": "conv2d", "name": "conv1", "out_channels": 4, "kernel_size": 3, "padding": 1 },
            { "type": "relu", "name": "relu1" },
            {
              "type": "max_pool2d", "name": "pool1",
              "kernel_size": 3, "stride": 2
            },
            { "type": "flatten", "name": "flatten" },
            { "type": "linear", "name": "fc", "out_features": 5, "weight": { "type": "normal", "standard_deviation": 0.01 } },
          ]
        }
        """;

    public static TheoryData<string> Names => [.. NetworkCatalog.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryNetworkOfTheCatalogComesBack(string name)
    {
        Network network = NetworkCatalog.Get(name).Build(7);
        Network read = Network.FromJson(network.ToJson(), "test");
        Assert.Equal(network.Name, read.Name);
        Assert.Equal(network.InputShape, read.InputShape);
        Assert.True(network.HasSameLayers(read));
        Assert.Equal(network.ToJson(), read.ToJson());
    }

    [Fact]
    public void EveryKindOfLayerHasOneEntry()
    {
        Type[] layers = [.. typeof(Layer).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Layer)))];
        Assert.Equal(layers.ToHashSet(), LayerSchema.All.Select(schema => schema.Layer).ToHashSet());
        Assert.Equal(layers.Length, LayerSchema.All.Select(schema => schema.Type).Distinct().Count());
    }

    [Fact]
    public void WhatIsMissingHasItsDefault()
    {
        Network network = Network.FromJson(Small, "small.json");
        Assert.Equivalent(new Conv2d("conv1", 4, 3, padding: Padding.All(1)), Assert.IsType<Conv2d>(network.Layers[0]), strict: true);
        Assert.IsType<HeInitializer>(((Conv2d)network.Layers[0]).WeightInitializer);
        Assert.Equivalent(new MaxPool2d("pool1", 3, 2), Assert.IsType<MaxPool2d>(network.Layers[2]), strict: true);
        Assert.Equal(Shape.Vector(5), network.OutputShape);
        var all = new Network("all", new Shape(8, 8, 4),
        [
            new Conv2d("a", 4, 3, stride: 2, padding: Padding.Explicit(1, 2, 3, 4), groups: 2, biasInitializer: Initializer.Constant(0.1f)),
            new AvgPool2d("b", 2, 1, padding: Padding.Same, roundUp: true, countPadding: false),
            new AdaptiveAvgPool2d("c", 2, 3),
            new LocalResponseNorm("d", 2, 1, 1e-4f / 5, 0.75f),
            new WithinChannelNorm("e", 3, 5e-5f, 0.75f),
            new Dropout("f", 0.25f),
            new Linear("g", 3, weightInitializer: Initializer.TruncatedNormal(0.1f)),
        ]);
        IReadOnlyList<Layer> read = Network.FromJson(all.ToJson(), "all").Layers;
        Assert.Equal(all.Layers.Select(layer => layer.GetType()), read.Select(layer => layer.GetType()));
        Assert.Equivalent(all.Layers, read, strict: true);
        Assert.IsType<TruncatedNormalInitializer>(((Linear)read[^1]).WeightInitializer);
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "net.json: line 2: network: version 2 is not supported")]
    [InlineData("\"version\": 1,", "", "net.json: network: the field 'version' is missing")]
    [InlineData("\"name\": \"small\"", "\"name\": \"a\\u001b[2J\"", "net.json: line 3: network: 'name' must be a text of 1 to 1000 characters on one line")]
    [InlineData("[9, 9, 3]", "[9, 9]", "net.json: line 4: network: 'input' must be [height, width, channels]")]
    [InlineData("[9, 9, 3]", "[9, -9, 3]", "net.json: line 4: network: 'input' must be [height, width, channels]")]
    [InlineData("\"padding\": 1", "\"padding\": -1", "net.json: line 6: layer 'conv1': 'padding' must be \"same\", \"valid\", one number for all sides, or [top, bottom, left, right], but is -1")]
    [InlineData("\"out_channels\": 4", "\"out_channels\": \"4\"", "net.json: line 6: layer 'conv1': 'out_channels' must be a whole number, but is the text '4'")]
    [InlineData("\"out_channels\": 4", "\"out_channels\": 0", "net.json: line 6: layer 'conv1': the number of output channels is 0, but must be at least 1")]
    [InlineData("\"type\": \"relu\"", "\"type\": \"gelu\"", "net.json: line 7: layer 2: 'gelu' is not a known type of layer; known are conv2d, linear, relu")]
    [InlineData("\"kernel_size\": 3, \"stride\"", "\"kernel_size\": 11, \"stride\"", "net.json: line 8: layer 'pool1': its output would vanish")]
    [InlineData("\"stride\": 2", "\"strides\": 2", "net.json: line 8: layer 'pool1': the field 'stride' is missing")]
    [InlineData("\"stride\": 2", "\"stride\": 2, \"speed\": 2", "net.json: line 8: layer 'pool1': the field 'speed' is not known here")]
    [InlineData("\"stride\": 2", "\"stride\": 2, \"stride\": 2", "net.json: line 8: layer 3: the field 'stride' appears twice")]
    [InlineData("\"name\": \"relu1\"", "\"name\": \"conv1\"", "net.json: line 6: network 'small' has two layers named 'conv1'")]
    [InlineData("\"type\": \"normal\"", "\"type\": \"xavier\"", "net.json: line 13: layer 'fc': 'weight': 'xavier' is not a known way to draw initial values")]
    [InlineData("{ \"type\": \"flatten\"", "[ \"type\": \"flatten\"", "net.json: line 12: this is not JSON")]
    public void AFaultIsNamedWithItsLine(string from, string to, string message)
    {
        Assert.Contains(from, Small, StringComparison.Ordinal);
        string found = Assert.Throws<InvalidDataException>(() => Network.FromJson(Small.Replace(from, to, StringComparison.Ordinal), "net.json")).Message;
        Assert.StartsWith(message, found, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', found);
    }

    [Fact]
    public void AMillionLayersAreNotBuilt()
    {
        string many = string.Join(',', Enumerable.Range(0, 2000).Select(i => FormattableString.Invariant($$"""{"type":"relu","name":"r{{i}}"}""")));
        Assert.Contains("'layers' must be a list of 1 to 1000 layers, but is a list of 2000 values",
            Assert.Throws<InvalidDataException>(() => Network.FromJson($$"""{"version":1,"name":"n","input":[1,1,1],"layers":[{{many}}]}""", "n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomDamageIsAClearErrorOrANetwork()
    {
        string text = NetworkCatalog.Get("cifar10-full").Build().ToJson();
        var random = new System.Random(1);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            char[] damaged = text.ToCharArray();
            for (int n = random.Next(1, 4); n > 0; n--)
                damaged[random.Next(damaged.Length)] = (char)random.Next(32, 127);
            try
            {
                Network.FromJson(new string(damaged), "n.json");
            }
            catch (InvalidDataException e)
            {
                refused++;
                Assert.StartsWith("n.json:", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        Assert.True(refused > 1000);
    }
}
