using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Execution;

/// <summary>Turns the layers of a network into operations: decides which layers run together, and what backward has to compute.</summary>
internal sealed class Lowering
{
    private readonly Network _network;
    private readonly PlanOptions _options;
    private readonly HashSet<string> _learning;
    private readonly int _firstBackward;
    private readonly List<Operation> _operations = [];
    private readonly Shape[] _shapes;
    private int _layer;

    private Lowering(Network network, PlanOptions options, IReadOnlyList<ParameterSpec> learning)
    {
        (_network, _options) = (network, options);
        _learning = [.. learning.Select(parameter => parameter.Name)];
        _firstBackward = options.InputGradient ? 0 : Enumerable.Range(0, network.Layers.Count).FirstOrDefault(
            i => network.Layers[i].Parameters(network.InputOf(i)).Any(parameter => _learning.Contains(parameter.Name)), network.Layers.Count);
        // Whoever wants to look at activations gets them whole.
        _shapes = options.KeepActivations
            ? [network.InputShape, .. network.Layers.Select((_, i) => network.OutputOf(i))]
            : NeededShapes.Of(network);
    }

    /// <summary>The operations of <paramref name="network"/> in the order of forward.</summary>
    /// <param name="network">The network.</param>
    /// <param name="options">What the plan is made for.</param>
    /// <param name="learning">The parameters whose gradients are asked for.</param>
    /// <exception cref="NotSupportedException">A layer is of a type that cannot be executed; the message names it.</exception>
    public static Operation[] Lower(Network network, PlanOptions options, IReadOnlyList<ParameterSpec> learning)
    {
        var lowering = new Lowering(network, options, learning);
        while (lowering._layer < network.Layers.Count)
            lowering.Next();
        return [.. lowering._operations];
    }

    /// <summary>Whether somebody needs the gradient of the input of the operation that comes next.</summary>
    private bool InputGradient => _options.InputGradient || _operations.Any(operation => operation.HasWeightGradient);

    private void Next()
    {
        switch (_network.Layers[_layer])
        {
            case Conv2d conv when Follows<ReLU>():
                _operations.Add(Convolution(Take(2), conv, relu: true));
                break;
            case Conv2d conv:
                _operations.Add(Convolution(Take(1), conv, relu: false));
                break;
            case Linear linear when Follows<ReLU>():
                _operations.Add(FullyConnected(Take(2), linear, relu: true));
                break;
            case Linear linear:
                _operations.Add(FullyConnected(Take(1), linear, relu: false));
                break;
            // The normalized map is as large as the convolution's and only the pool reads it: together they never write it down.
            case LocalResponseNorm norm when NormTakesPool(_layer):
                var following = (MaxPool2d)_network.Layers[_layer + 1];
                _operations.Add(new LocalResponseNormMaxPoolOperation(Take(2), norm, following, relu: _operations is [.., ConvOperation { LeavesMask: true }]));
                break;
            case LocalResponseNorm norm:
                _operations.Add(new LocalResponseNormOperation(Take(1), norm));
                break;
            case WithinChannelNorm norm:
                _operations.Add(new WithinChannelNormOperation(Take(1), norm, InputGradient));
                break;
            case MaxPool2d pool:
                _operations.Add(PoolingOperation.Of(Take(1), pool));
                break;
            case AvgPool2d pool:
                _operations.Add(PoolingOperation.Of(Take(1), pool));
                break;
            case AdaptiveAvgPool2d pool:
                _operations.Add(PoolingOperation.Of(Take(1), pool));
                break;
            case ReLU:
                _operations.Add(new ReluOperation(Take(1)));
                break;
            // Before everything that learns it is off for good.
            case Dropout when _layer < _firstBackward:
                TakeNothing();
                break;
            case Dropout dropout:
                int index = _layer;
                _operations.Add(new DropoutOperation(Take(1), dropout, _options.Seed, index));
                break;
            case Flatten:
                // A map in memory is its vector already.
                TakeNothing();
                break;
            default:
                throw new NotSupportedException(
                    $"layer '{_network.Layers[_layer].Name}': a plan cannot execute layers of type {_network.Layers[_layer].GetType().Name}");
        }
    }

    private ConvOperation Convolution(OperationInfo info, Conv2d conv, bool relu)
    {
        (Shape input, Shape output) = (info.InputShape, info.OutputShape);
        var geometry = new ConvGeometry(
            info.BatchSize,
            input.Height, input.Width, input.Channels,
            output.Height, output.Width, output.Channels,
            conv.KernelSize, conv.KernelSize,
            conv.Stride, conv.Stride,
            conv.Padding.Vertical(input.Height, conv.KernelSize, conv.Stride).Before,
            conv.Padding.Horizontal(input.Width, conv.KernelSize, conv.Stride).Before,
            conv.Groups);
        // Normalization with pooling looks at this output in backward too, and masks its gradient on the way.
        bool gradientMasked = relu && NormTakesPool(info.LayerIndices[^1] + 1);
        return new ConvOperation(
            info, conv.Name, geometry, new ConvRequest(relu, Learns(conv), InputGradient, _options.Precise, gradientMasked));
    }

    private LinearOperation FullyConnected(OperationInfo info, Linear linear, bool relu) =>
        new(info, linear, relu, Learns(linear), InputGradient, _options.Precision == Precision.BFloat16);

    private bool Learns(Layer layer) => _learning.Contains($"{layer.Name}.weight");

    /// <summary>Whether a layer is a normalization across channels that runs together with the max pool after it.</summary>
    private bool NormTakesPool(int layer) =>
        !_options.KeepActivations && layer + 1 < _network.Layers.Count
            && _network.Layers[layer] is LocalResponseNorm && _network.Layers[layer + 1] is MaxPool2d;

    private bool Follows<T>() => _layer + 1 < _network.Layers.Count && _network.Layers[_layer + 1] is T;

    /// <summary>Goes past a layer that computes nothing; the operation before it, if any, takes it over with its shape.</summary>
    private void TakeNothing()
    {
        if (_operations.Count > 0)
            _operations[^1].Append(_layer, _shapes[_layer + 1]);
        _layer++;
    }

    /// <summary>Describes the operation that stands for the next <paramref name="layers"/> layers, and goes past them.</summary>
    private OperationInfo Take(int layers)
    {
        int[] indices = [.. Enumerable.Range(_layer, layers)];
        _layer += layers;
        return new OperationInfo(
            indices,
            string.Join(" + ", indices.Select(i => _network.Layers[i].Name)),
            _options.BatchSize,
            _shapes[indices[0]],
            _shapes[indices[^1] + 1],
            indices.Sum(i => _network.Layers[i].MultiplyAdds(_network.InputOf(i))));
    }
}
