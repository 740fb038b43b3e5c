using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>Grad-CAM, gradient × input and occlusion against the float64 oracle, which shares no code with the engine.</summary>
public sealed class EvidenceTests : IDisposable
{
    /// <summary>
    /// Of the largest value. Gradients of the engine agree with the oracle to about 1e-5 of their scale; sums over maps and channels, whose terms have
    /// both signs, lose a digit at most.
    /// </summary>
    private const double Bound = 1e-4;

    private readonly Model _model;
    private readonly NetworkView _view;
    private readonly OracleTensor _input;
    private readonly OracleLayer[] _layers;

    public EvidenceTests()
    {
        Network network = new("small", new(20, 18, 3),
        [
            new Conv2d("conv1", 8, 5, padding: Padding.Same),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 2, stride: 2),
            new Conv2d("conv2", 12, 3, padding: Padding.Same),
            new ReLU("relu2"),
            new MaxPool2d("pool2", 3, stride: 2),
            new Flatten("flatten"),
            new Linear("fc1", 20),
            new ReLU("relu3"),
            new Linear("fc2", 5),
        ]);
        var random = new System.Random(3);
        ParameterSet parameters = ParameterSet.Initialize(network, seed: 4);
        foreach (Parameter parameter in parameters.Parameters)
        {
            // Values of a trained network's size, biases included, so that no class is like another.
            double scale = parameter.Name.EndsWith("weight", StringComparison.Ordinal) ? 1.5 / Math.Sqrt(parameter.Spec.Length / parameter.Spec.Dimensions[^1]) : 0.1;
            float[] values = [.. Enumerable.Range(0, (int)parameter.Spec.Length).Select(_ => (float)(scale * 2 * (random.NextDouble() - 0.5)))];
            parameter.CopyFrom(values);
        }
        parameters.MarkChanged();
        var preprocessing = new Preprocessing { Resize = ResizeMode.None, CropHeight = 20, CropWidth = 18, Scale = 1 / 64f, Mean = [1.9f, 2f, 2.1f] };
        _model = new Model(parameters, preprocessing);
        _view = new NetworkView(_model, preprocessing, threads: 1);
        var pixels = new PixelBuffer();
        pixels.Reset(20, 18, 3);
        random.NextBytes(pixels.Pixels);
        _view.Show(pixels);
        _input = OracleTensor.From(_view.Input, 1, 20, 18, 3);
        _layers = OracleLayers(network, parameters);
    }

    public void Dispose()
    {
        _view.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void GradCamIsThatOfTheReference()
    {
        for (int index = 0; index < 5; index++)
        {
            (OracleTensor maps, OracleTensor gradient) = ForwardAndBackward(behind: 5, index);
            int places = maps.Height * maps.Width;
            var expected = new double[places];
            for (int c = 0; c < maps.Channels; c++)
            {
                double weight = Enumerable.Range(0, places).Average(i => gradient.Data[i * maps.Channels + c]);
                for (int i = 0; i < places; i++)
                    expected[i] += weight * maps.Data[i * maps.Channels + c];
            }
            var (shape, found) = _view.GradCam(index);
            Assert.Equal((maps.Height, maps.Width, maps.Channels), (shape.Height, shape.Width, shape.Channels));
            AssertClose([.. expected.Select(value => Math.Max(0, value))], found, expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void GradientTimesInputIsThatOfTheReference()
    {
        for (int index = 0; index < 5; index++)
        {
            (OracleTensor input, OracleTensor gradient) = ForwardAndBackward(behind: 0, index);
            double[] expected = [.. Enumerable.Range(0, 20 * 18).Select(i => Enumerable.Range(0, 3).Sum(c => input.Data[3 * i + c] * gradient.Data[3 * i + c]))];
            AssertClose(expected, _view.GradientTimesInput(index), expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void OcclusionIsTheFallOfTheProbability()
    {
        const int side = 4;
        for (int index = 0; index < 5; index += 2)
        {
            double whole = Probability(Run(_input), index);
            var expected = new double[side * side];
            for (int square = 0; square < expected.Length; square++)
            {
                OracleTensor covered = OracleTensor.From(_view.Input, 1, 20, 18, 3);
                int row = square / side, column = square % side;
                for (int y = row * 20 / (side + 1); y < (row + 2) * 20 / (side + 1); y++)
                    for (int x = column * 18 / (side + 1); x < (column + 2) * 18 / (side + 1); x++)
                        for (int c = 0; c < 3; c++)
                            covered[0, y, x, c] = 0;
                expected[square] = whole - Probability(Run(covered), index);
            }
            AssertClose(expected, _view.Occlusion(index, side, TestContext.Current.CancellationToken), expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void ANetworkWithoutConvolutionsHasNoGradCam()
    {
        var network = new Network("flat", new(4, 4, 3), [new Flatten("flatten"), new Linear("fc", 3)]);
        var preprocessing = new Preprocessing { Resize = ResizeMode.None, CropHeight = 4, CropWidth = 4 };
        using var model = new Model(ParameterSet.Initialize(network, 1), preprocessing);
        using var view = new NetworkView(model, preprocessing, 1);
        Assert.Contains("needs a convolution", Assert.Throws<InvalidDataException>(() => view.GradCam(0)).Message, StringComparison.Ordinal);
    }

    private static OracleLayer[] OracleLayers(Network network, ParameterSet parameters) =>
        [.. network.Layers.Select((layer, i) => OracleFromNetwork.Create(new Network(layer.Name, network.InputOf(i), [layer]), parameters)).Select(oracle => new Wrapped(oracle))];

    private OracleTensor Run(OracleTensor x) => _layers.Aggregate(x, (value, layer) => layer.Forward(value));

    private (OracleTensor Values, OracleTensor Gradient) ForwardAndBackward(int behind, int index)
    {
        OracleTensor x = _input;
        for (int i = 0; i < behind; i++)
            x = _layers[i].Forward(x);
        OracleTensor values = x;
        for (int i = behind; i < _layers.Length; i++)
            x = _layers[i].Forward(x);
        OracleTensor gradient = x.ZerosLike();
        gradient.Data[index] = 1;
        for (int i = _layers.Length - 1; i >= behind; i--)
            gradient = _layers[i].Backward(gradient);
        return (values, gradient);
    }

    private static double Probability(OracleTensor logits, int index)
    {
        double most = logits.Data.Max();
        return Math.Exp(logits.Data[index] - most) / logits.Data.Sum(value => Math.Exp(value - most));
    }

    private static void AssertClose(double[] expected, float[] found, double scale)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.True(scale > 1e-6, "nothing to compare");
        for (int i = 0; i < expected.Length; i++)
            Assert.InRange(found[i], expected[i] - Bound * scale, expected[i] + Bound * scale);
    }

    /// <summary>A network of one layer as a layer.</summary>
    private sealed class Wrapped(OracleNetwork network) : OracleLayer
    {
        public override OracleTensor Backward(OracleTensor gradY) => network.Backward(gradY);

        protected override OracleTensor Compute(OracleTensor x) => network.Forward(x);
    }
}
