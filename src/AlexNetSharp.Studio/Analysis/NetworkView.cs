using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>A network applied to one image: the output of every layer, and the evidence for a class.</summary>
/// <remarks>Not thread-safe. Plans are created on first use and kept.</remarks>
internal sealed class NetworkView : IDisposable
{
    private readonly Model _model;
    private readonly Preprocessor _preprocessor, _viewer;
    private readonly int _threads;
    private readonly Plan _plan;
    private readonly Dictionary<string, Plan> _tails = [];
    private Plan? _gradient, _occlusion;

    /// <summary>Creates the view and its plan.</summary>
    public NetworkView(Model model, Preprocessing preprocessing, int threads)
    {
        (_model, Preprocessing, _threads) = (model, preprocessing, threads);
        _preprocessor = new Preprocessor(preprocessing);
        _viewer = new Preprocessor(preprocessing with { Scale = 1, Mean = [], StandardDeviation = [] });
        _plan = new Plan(model.Network, model.Parameters, new PlanOptions { KeepActivations = true, Threads = threads });
        Pixels = new float[preprocessing.Length];
    }

    /// <summary>Preprocessing applied to an image before the network.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The network.</summary>
    public Network Network => _model.Network;

    /// <summary>The parameters.</summary>
    public ParameterSet Parameters => _model.Parameters;

    /// <summary>The crop that the network sees, [height, width, channels], 0 to 255, in the network's channel order.</summary>
    public float[] Pixels { get; }

    /// <summary>The operations and their times.</summary>
    public IReadOnlyList<PlanOperation> Operations => _plan.Operations;

    /// <summary>The input of the network.</summary>
    public ReadOnlySpan<float> Input => _plan.Input;

    /// <summary>The output of the network.</summary>
    public ReadOnlySpan<float> Output => _plan.Output;

    /// <summary>Runs the network on an image.</summary>
    public void Show(PixelBuffer pixels)
    {
        _preprocessor.Apply(pixels, _plan.Input);
        _viewer.Apply(pixels, Pixels);
        _plan.Forward();
    }

    /// <summary>The output of a layer; for a convolution followed by a ReLU, the output of the ReLU.</summary>
    public ReadOnlySpan<float> Activation(string layer) => _plan.Activation(layer);

    /// <summary>Index of the last convolution, or of the ReLU that follows it: the layer that Grad-CAM uses.</summary>
    public int LastConvolution
    {
        get
        {
            int last = -1;
            for (int i = 0; i < Network.Layers.Count; i++)
                if (Network.Layers[i] is Conv2d)
                    last = i + 1 < Network.Layers.Count && Network.Layers[i + 1] is ReLU ? i + 1 : i;
            return last;
        }
    }

    /// <summary>
    /// Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the maps of the last convolution, each weighted by the mean gradient of the class's score
    /// with respect to it; negative values of the sum are dropped.
    /// </summary>
    /// <param name="index">The class; its score is the logit.</param>
    /// <returns>[height, width] of the maps; nonnegative.</returns>
    /// <exception cref="InvalidDataException">The network has no convolution, or no layer after it.</exception>
    public (Shape Shape, float[] Values) GradCam(int index)
    {
        int layer = LastConvolution;
        if (layer < 0 || layer + 1 >= Network.Layers.Count)
            throw new InvalidDataException("Grad-CAM needs a convolution before the classes, which this network lacks.");
        string name = Network.Layers[layer].Name;
        Shape shape = Network.OutputOf(layer);
        if (!_tails.TryGetValue(name, out Plan? tail))
            _tails[name] = tail = new Plan(
                new Network($"{Network.Name} behind {name}", shape, Network.Layers.Skip(layer + 1)), Parameters, new PlanOptions { InputGradient = true, Threads = _threads });
        ReadOnlySpan<float> maps = Activation(name), gradient = GradientOf(tail, maps, index);
        int places = shape.Height * shape.Width, channels = shape.Channels;
        var weights = new double[channels];
        for (int i = 0; i < places; i++)
            for (int c = 0; c < channels; c++)
                weights[c] += gradient[i * channels + c];
        var cam = new float[places];
        for (int i = 0; i < places; i++)
        {
            double sum = 0;
            for (int c = 0; c < channels; c++)
                sum += weights[c] / places * maps[i * channels + c];
            cam[i] = (float)Math.Max(0, sum);
        }
        return (shape, cam);
    }

    /// <summary>Gradient × input (Shrikumar et al. 2016): the first-order contribution of each pixel to the class's score, summed over channels.</summary>
    /// <param name="index">The class; its score is the logit.</param>
    /// <returns>[height, width] of the input.</returns>
    public float[] GradientTimesInput(int index)
    {
        _gradient ??= new Plan(Network, Parameters, new PlanOptions { InputGradient = true, Threads = _threads });
        ReadOnlySpan<float> input = Input, gradient = GradientOf(_gradient, input, index);
        int channels = Network.InputShape.Channels;
        var result = new float[input.Length / channels];
        for (int i = 0; i < result.Length; i++)
        {
            double sum = 0;
            for (int c = 0; c < channels; c++)
                sum += (double)gradient[i * channels + c] * input[i * channels + c];
            result[i] = (float)sum;
        }
        return result;
    }

    /// <summary>
    /// Occlusion (Zeiler and Fergus 2014, section 4.2): the drop in the class's probability when a square of the image is gray, for squares that
    /// overlap by half.
    /// </summary>
    /// <param name="index">The class.</param>
    /// <param name="side">Number of squares per row.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <returns>[side, side].</returns>
    public float[] Occlusion(int index, int side, CancellationToken cancellation)
    {
        const int batch = 8;
        _occlusion ??= new Plan(Network, Parameters, new PlanOptions { BatchSize = batch, Threads = _threads });
        Shape shape = Network.InputShape;
        var result = new float[side * side];
        float whole = Probability(Output, index);
        int length = (int)shape.Length, classes = (int)Network.OutputShape.Length;
        for (int first = 0; first < result.Length; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch; i++)
            {
                Span<float> input = _occlusion.Input.Slice(i * length, length);
                Input.CopyTo(input);
                int square = Math.Min(first + i, result.Length - 1);
                Cover(input, shape, square / side, square % side, side);
            }
            _occlusion.Forward();
            for (int i = 0; i < batch && first + i < result.Length; i++)
                result[first + i] = whole - Probability(_occlusion.Output.Slice(i * classes, classes), index);
        }
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _gradient?.Dispose();
        _occlusion?.Dispose();
        foreach (Plan tail in _tails.Values)
            tail.Dispose();
    }

    /// <summary>The gradient of one logit with respect to the input of a plan.</summary>
    private static ReadOnlySpan<float> GradientOf(Plan plan, ReadOnlySpan<float> input, int index)
    {
        input.CopyTo(plan.Input);
        plan.Forward();
        plan.OutputGradient.Clear();
        plan.OutputGradient[index] = 1;
        plan.Backward();
        return plan.InputGradient;
    }

    /// <summary>Replaces a square with the mean of the data: zero if the preprocessing subtracts a mean.</summary>
    private static void Cover(Span<float> input, Shape shape, int row, int column, int side)
    {
        // Squares are two strides wide.
        int top = row * shape.Height / (side + 1), bottom = (row + 2) * shape.Height / (side + 1);
        int left = column * shape.Width / (side + 1), right = (column + 2) * shape.Width / (side + 1);
        for (int y = top; y < bottom; y++)
            input.Slice((y * shape.Width + left) * shape.Channels, (right - left) * shape.Channels).Clear();
    }

    /// <summary>Softmax probability of one class.</summary>
    private static float Probability(ReadOnlySpan<float> logits, int index)
    {
        float most = float.NegativeInfinity;
        foreach (float logit in logits)
            most = Math.Max(most, logit);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - most);
        return (float)(Math.Exp(logits[index] - most) / sum);
    }
}
