using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Models;

/// <summary>Networks in Caffe's text format, for use and for training, of today and of before 2014.</summary>
public class CaffePrototxtTests : FormatTest
{
    private const string Small = """
        name: "Small"  # a comment
        input: "data"
        input_shape { dim: 10 dim: 3 dim: 9 dim: 9 }
        layer {
          name: 'conv1' type: "Convolution" bottom: "data" top: "conv1"
          param { lr_mult: 1 } param { lr_mult: 2 }
          convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 0.02 } bias_filler { type: "constant" value: 0.5 } }
        }
        layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
        layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
        layer { name: "ip" type: "InnerProduct" bottom: "pool1" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
        layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
        """;

    [Fact]
    public void ADeploymentsLayersAreRead()
    {
        NetworkDefinition definition = Read(Small);
        Assert.Null(definition.Entry);
        Assert.Null(definition.Preprocessing);
        var expected = new Network("Small", new Shape(9, 9, 3),
        [
            new Conv2d("conv1", 4, 3, padding: Padding.All(1), weightInitializer: Initializer.Normal(0.02f), biasInitializer: Initializer.Constant(0.5f)),
            new ReLU("relu1"),
            new AvgPool2d("pool1", 3, 2, roundUp: true),
            new Flatten("flatten"),
            new Linear("ip", 5, weightInitializer: Initializer.Normal(1 / MathF.Sqrt(64))),
        ]);
        Assert.Equal(expected.ToJson(), definition.Network.ToJson());
    }

    [Fact]
    public void ATrainingsFileLeavesOutWhatBelongsToTheTrainingAndSaysHowImagesAre()
    {
        NetworkDefinition definition = Read("""
            name: "Train"
            layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TRAIN } transform_param { crop_size: 20 mirror: true } }
            layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TEST }
              transform_param { crop_size: 20 mean_value: 104 mean_value: 117 mean_value: 123 scale: 0.5 } }
            layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 4 kernel_h: 3 kernel_w: 3 stride: 2 } }
            layer { name: "drop" type: "Dropout" bottom: "conv1" top: "conv1" dropout_param { dropout_ratio: 0.3 } }
            layer { name: "mean" type: "Pooling" bottom: "conv1" top: "mean" pooling_param { pool: AVE global_pooling: true } }
            layer { name: "accuracy" type: "Accuracy" bottom: "mean" bottom: "label" top: "accuracy" include: { phase: TEST } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "mean" bottom: "label" top: "loss" }
            """);
        Assert.Equal(["conv1", "drop", "mean", "flatten"], definition.Network.Layers.Select(layer => layer.Name));
        Assert.Equal(0.3f, Assert.IsType<Dropout>(definition.Network.Layers[1]).Rate);
        Assert.Equal(Shape.Vector(4), definition.Network.OutputShape);
        // OpenCV's order, as the means show; Caffe subtracts before it scales.
        Assert.Equal(ChannelOrder.Bgr, definition.Preprocessing!.ChannelOrder);
        Assert.Equal([52f, 58.5f, 61.5f], definition.Preprocessing.Mean);
        Assert.Equal((0.5f, 256, 20), (definition.Preprocessing.Scale, definition.Preprocessing.ResizeTo, definition.Preprocessing.CropHeight));
    }

    [Fact]
    public void LayersOfBefore2014AreReadToo()
    {
        NetworkDefinition definition = Read("""
            name: "Old"
            input: "data"
            input_dim: 1
            input_dim: 3
            input_dim: 12
            input_dim: 12
            layers { bottom: "data" top: "conv1_1" name: "conv1_1" type: CONVOLUTION convolution_param { num_output: 6 kernel_size: 3 group: 3 } }
            layers < bottom: "conv1_1" top: "n" name: "n" type: LRN lrn_param < local_size: 3; alpha: 0.6, beta: 0.75 > >
            layers { bottom: "n" top: "w" name: "w" type: LRN lrn_param { local_size: 3 alpha: 0.6 norm_region: WITHIN_CHANNEL } }
            layers { bottom: "w" top: "p" name: "p" type: POOLING pooling_param { kernel_size: 2 stride: 2 } }
            layers { bottom: "p" top: "fc" name: "fc" type: INNER_PRODUCT inner_product_param { num_output: 7 } blobs_lr: 1 blobs_lr: 2 }
            """);
        Assert.Equal(3, ((Conv2d)definition.Network.Layers[0]).Groups);
        var across = Assert.IsType<LocalResponseNorm>(definition.Network.Layers[1]);
        Assert.Equal((1, 1, 0.6f / 3, 0.75f), (across.Radius, across.Bias, across.Alpha, across.Beta));
        var within = Assert.IsType<WithinChannelNorm>(definition.Network.Layers[2]);
        Assert.Equal((3, 0.6f, 0.75f), (within.Size, within.Alpha, within.Beta));
        Assert.Equal(7, definition.Network.OutputShape.Length);
    }

    [Theory]
    [InlineData("caffe")]
    [InlineData("caffenet")]
    [InlineData("nin")]
    [InlineData("vgg16")]
    [InlineData("cifar10-full")]
    public void ANetworkOfTheCatalogIsKnownByWhatItComputes(string name)
    {
        NetworkDefinition definition = Read(Prototxt(NetworkCatalog.Get(name).Build()));
        Assert.Equal(name, definition.Entry?.Name);
        Assert.Equal(NetworkCatalog.Get(name).Build().ToJson(), definition.Network.ToJson());
    }

    [Fact]
    public void WeightsOfANetworkOfOnesOwnStayAsTheyAre()
    {
        string path = PathOf("m.caffemodel"), described = PathOf("deploy.prototxt");
        File.WriteAllText(described, Small);
        using ParameterSet parameters = NarrowNetworks.RandomWeights(Read(Small).Network, 8);
        File.WriteAllBytes(path, WeightNamesTests.Caffemodel(parameters, ["conv1", "ip"]));
        using Model model = ModelFile.Load(path, described), open = ModelFile.Open(path, described);
        ModelFileTests.AssertSameWeights(parameters, model.Parameters);
        ModelFileTests.AssertSameWeights(parameters, open.Parameters);
        Assert.StartsWith("'none.prototxt' is neither a file nor a known network; known are ", Assert.Throws<ArgumentException>(() => ModelFile.Load(path, "none.prototxt")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type: \"ReLU\" bottom: \"conv1\" top: \"conv1\"", "type: \"PReLU\" bottom: \"conv1\" top: \"conv1\"", "line 9: layer 'relu1' is of type 'PReLU', which is not supported")]
    [InlineData("bottom: \"conv1\" top: \"pool1\"", "bottom: \"other\" top: \"pool1\"", "line 10: layer 'pool1' reads 'other', but the layer before it gives 'conv1'")]
    [InlineData("bottom: \"pool1\" top: \"ip\"", "bottom: \"pool1\" bottom: \"conv1\" top: \"ip\"", "line 11: layer 'ip' has 2 inputs and 1 outputs")]
    [InlineData("kernel_size: 3 pad: 1", "kernel_size: 3 dilation: 2", "line 4: layer 'conv1' is dilated")]
    [InlineData("kernel_size: 3 pad: 1", "kernel_h: 3 kernel_w: 5", "line 4: layer 'conv1' has a kernel_size of 3×5")]
    [InlineData("num_output: 4", "num_output: x", "line 7: 'num_output' must be a whole number, but is 'x'")]
    [InlineData("num_output: 4", "num_output: -4", "line 7: 'num_output' must be a whole number")]
    [InlineData("kernel_size: 3 pad: 1", "kernel_size: 300", "line 4: layer 'conv1': its output would vanish")]
    [InlineData("dim: 9 }", "dim: 9 ", "line 12: the text ends inside the message that begins on line 3")]
    [InlineData("dim: 10 dim: 3 ", "", "line 2: the size of images is not stated")]
    [InlineData("pool: AVE", "pool: STOCHASTIC", "line 10: layer 'pool1' pools by 'STOCHASTIC'")]
    [InlineData("name: 'conv1'", "name: 'conv1", "line 5: a text in quotes does not end on its line")]
    [InlineData("name: \"Small\"", "name", "line 2: expected ':' or '{' after 'name'")]
    [InlineData("type: \"Softmax\"", "type: \"BatchNorm\"", "line 12: layer 'prob' normalizes by batches")]
    public void AFaultIsNamedByItsLine(string text, string other, string expected)
    {
        string path = PathOf("bad.prototxt");
        File.WriteAllText(path, Small.Replace(text, other, StringComparison.Ordinal));
        string message = Assert.Throws<InvalidDataException>(() => NetworkDefinition.Load(path)).Message;
        Assert.StartsWith($"{path}: {expected}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void HostileTextsAreRefusedSoon()
    {
        Assert.Contains("more than 16 deep", Error(string.Concat(Enumerable.Repeat("a{", 100_000))), StringComparison.Ordinal);
        Assert.Contains("more than 200000 fields", Error(string.Concat(Enumerable.Repeat("a:1 ", 300_000))), StringComparison.Ordinal);
        Assert.Contains("more than 1000 layers", Error(string.Concat(Enumerable.Repeat("layer{} ", 2000))), StringComparison.Ordinal);
        Assert.Contains("no layers", Error("hello: 1"), StringComparison.Ordinal);

        string Error(string text)
        {
            string path = PathOf("x.prototxt");
            File.WriteAllText(path, text);
            return Assert.Throws<InvalidDataException>(() => NetworkDefinition.Load(path)).Message;
        }
    }

    private NetworkDefinition Read(string text)
    {
        string path = PathOf("net.prototxt");
        File.WriteAllText(path, text);
        return NetworkDefinition.Load(path);
    }

    /// <summary>A network as Caffe writes it.</summary>
    private static string Prototxt(Network network)
    {
        Shape input = network.InputShape;
        var text = new System.Text.StringBuilder(FormattableString.Invariant($"input: \"v0\" input_dim: 1 input_dim: {input.Channels} input_dim: {input.Height} input_dim: {input.Width}\n"));
        int value = 0;
        foreach (Layer layer in network.Layers)
        {
            string? body = layer switch
            {
                Conv2d c => FormattableString.Invariant($"type: \"Convolution\" convolution_param {{ num_output: {c.OutputChannels} kernel_size: {c.KernelSize} stride: {c.Stride} pad: {c.Padding.Top} group: {c.Groups} }}"),
                Linear l => FormattableString.Invariant($"type: \"InnerProduct\" inner_product_param {{ num_output: {l.OutputFeatures} }}"),
                ReLU => "type: \"ReLU\"",
                MaxPool2d p => FormattableString.Invariant($"type: \"Pooling\" pooling_param {{ kernel_size: {p.KernelSize} stride: {p.Stride} }}"),
                AvgPool2d p => FormattableString.Invariant($"type: \"Pooling\" pooling_param {{ pool: AVE kernel_size: {p.KernelSize} stride: {p.Stride} }}"),
                AdaptiveAvgPool2d { OutputHeight: 1 } => "type: \"Pooling\" pooling_param { pool: AVE kernel_size: 6 stride: 1 }",
                LocalResponseNorm n => FormattableString.Invariant($"type: \"LRN\" lrn_param {{ local_size: {2 * n.Radius + 1} alpha: {n.Alpha * (2 * n.Radius + 1)} beta: {n.Beta} k: {n.Bias} }}"),
                WithinChannelNorm n => FormattableString.Invariant($"type: \"LRN\" lrn_param {{ local_size: {n.Size} alpha: {n.Alpha} beta: {n.Beta} norm_region: WITHIN_CHANNEL }}"),
                Dropout d => FormattableString.Invariant($"type: \"Dropout\" dropout_param {{ dropout_ratio: {d.Rate} }}"),
                _ => null,
            };
            if (body is not null)
                text.AppendLine(FormattableString.Invariant($"layer {{ name: \"{layer.Name}\" bottom: \"v{value}\" top: \"v{++value}\" {body} }}"));
        }
        return text.ToString();
    }
}
