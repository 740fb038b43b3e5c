using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Golden;

/// <summary><c>tiny-alexnet.safetensors</c>: a narrow AlexNet with its weights, and what libtorch made of it.</summary>
internal sealed class GoldenTinyAlexNet
{
    private readonly SafetensorsFile _file = SafetensorsFile.Golden("tiny-alexnet.safetensors");

    /// <summary>[4, 67, 67, 3].</summary>
    public OracleTensor Images => OracleTensor.From(_file.Reordered("x", weight: false), 4, 67, 67, 3);

    public int[] Labels => [0, 3, 6, 9];

    /// <summary>Output channels or features of each layer with weights, in order.</summary>
    public static IReadOnlyDictionary<string, int> Widths { get; } = new Dictionary<string, int>
    {
        ["conv1"] = 8,
        ["conv2"] = 24,
        ["conv3"] = 48,
        ["conv4"] = 32,
        ["conv5"] = 32,
        ["fc6"] = 64,
        ["fc7"] = 64,
        ["fc8"] = 10,
    };

    /// <summary>A tensor that needs no reordering.</summary>
    public double[] Values(string name) => Array.ConvertAll(_file.Values(name), static v => (double)v);

    /// <summary>A parameter ("conv1.weight"), or what belongs to it under a prefix ("grad_ce"), in the library's order.</summary>
    public double[] Parameter(string prefix, string name)
    {
        string[] parts = name.Split('.');
        string stored = $"{parts[0]}/{(parts[1] == "weight" ? "weights" : "biases")}";
        return Array.ConvertAll(_file.Reordered(prefix.Length == 0 ? stored : $"{prefix}/{stored}", weight: true), static v => (double)v);
    }

    /// <summary>The gradient of the images under a loss, as [n, y, x, c].</summary>
    public double[] ImageGradient(string prefix) => Array.ConvertAll(_file.Reordered($"{prefix}/x", weight: false), static v => (double)v);

    /// <summary>The network in float64 with the stored weights, up to the logits.</summary>
    public OracleNetwork Oracle()
    {
        var network = new OracleNetwork(
            Convolution("conv1", 11, 3, stride: 4, before: 4, after: 4), OracleFunction.ReLU(), Norm(), Pool(),
            Convolution("conv2", 5, 8, before: 2, after: 2), OracleFunction.ReLU(), Norm(), Pool(),
            Convolution("conv3", 3, 24, before: 1, after: 1), OracleFunction.ReLU(),
            Convolution("conv4", 3, 48, before: 1, after: 1), OracleFunction.ReLU(),
            Convolution("conv5", 3, 32, before: 1, after: 1), OracleFunction.ReLU(), Pool(),
            OracleFunction.Flatten(),
            new OracleLinearLayer("fc6", 32, Widths["fc6"]), OracleFunction.ReLU(),
            new OracleLinearLayer("fc7", 64, Widths["fc7"]), OracleFunction.ReLU(),
            new OracleLinearLayer("fc8", 64, Widths["fc8"]));
        foreach (OracleParameter p in network.Parameters)
            Parameter("", p.Name).CopyTo(p.Value, 0);
        return network;
    }

    /// <summary>The network as the library describes it.</summary>
    public static Network Network(bool reluAfterLogits)
    {
        List<Layer> layers =
        [
            new Conv2d("conv1", Widths["conv1"], 11, stride: 4, padding: Padding.Same), new ReLU("relu1"),
            new LocalResponseNorm("lrn1", 4, 1, 0.001f / 9, 0.75f), new MaxPool2d("pool1", 3, 2),
            new Conv2d("conv2", Widths["conv2"], 5, padding: Padding.Same), new ReLU("relu2"),
            new LocalResponseNorm("lrn2", 4, 1, 0.001f / 9, 0.75f), new MaxPool2d("pool2", 3, 2),
            new Conv2d("conv3", Widths["conv3"], 3, padding: Padding.Same), new ReLU("relu3"),
            new Conv2d("conv4", Widths["conv4"], 3, padding: Padding.Same), new ReLU("relu4"),
            new Conv2d("conv5", Widths["conv5"], 3, padding: Padding.Same), new ReLU("relu5"), new MaxPool2d("pool5", 3, 2),
            new Flatten("flatten"), new Linear("fc6", Widths["fc6"]), new ReLU("relu6"),
            new Linear("fc7", Widths["fc7"]), new ReLU("relu7"), new Linear("fc8", Widths["fc8"]),
        ];
        if (reluAfterLogits)
            layers.Add(new ReLU("relu8"));
        return new Network("tiny-alexnet", new Shape(67, 67, 3), layers);
    }

    /// <summary>The stored weights, for the library.</summary>
    public ParameterSet Parameters(Network network)
    {
        var set = new ParameterSet(network);
        foreach (Parameter p in set.Parameters)
            p.CopyFrom(Array.ConvertAll(Parameter("", p.Name), static v => (float)v));
        set.MarkChanged();
        return set;
    }

    private static OracleConvolutionLayer Convolution(string name, int kernel, int inputs, int before, int after, int stride = 1) =>
        new(name, new OracleConvolution(kernel, kernel, Widths[name], stride, stride, before, after, before, after), inputs);

    private static OracleFunction Norm() => OracleFunction.LocalResponseNorm(4, 1, 0.001 / 9, 0.75);

    private static OracleFunction Pool() => OracleFunction.MaxPool(OracleWindow.Square(3, 2));
}
