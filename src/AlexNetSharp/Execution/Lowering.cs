using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Execution;

/// <summary>Turns the layers of a network into operations: decides which layers run together, and what backward has to compute.</summary>
internal sealed class Lowering
{
    /// <summary>Streams of dropout begin here; those below belong to initial values.</summary>
    private const uint FirstDropoutStream = 1u << 31;

    private readonly Network _network;
    private readonly PlanOptions _options;
    private readonly ParameterSet? _values;
    private readonly KernelSet _kernels = KernelSet.Best;
    private readonly HashSet<string> _learning;
    private readonly int _firstBackward;
    private readonly List<Operation> _operations = [];
    private readonly Shape[] _shapes;
    private int _layer;

    private Lowering(Network network, PlanOptions options, IReadOnlyList<ParameterSpec> learning, ParameterSet? values)
    {
        (_network, _options, _values) = (network, options, values);
        _learning = [.. learning.Select(parameter => parameter.Name)];
        _firstBackward = options.InputGradient ? 0 : Enumerable.Range(0, network.Layers.Count).FirstOrDefault(
            i => network.Layers[i].Parameters(network.InputOf(i)).Any(parameter => _learning.Contains(parameter.Name)), network.Layers.Count);
        // Activations that are kept for inspection are computed completely.
        _shapes = options.KeepActivations
            ? [network.InputShape, .. network.Layers.Select((_, i) => network.OutputOf(i))]
            : NeededShapes.Of(network);
    }

    /// <summary>The operations of <paramref name="network"/> in the order of forward.</summary>
    /// <param name="network">The network.</param>
    /// <param name="options">What the plan is made for.</param>
    /// <param name="learning">The parameters whose gradients are asked for.</param>
    /// <param name="values">Values of the network's parameters; null for such as are in memory.</param>
    /// <exception cref="NotSupportedException">A layer is of a type that cannot be executed; the message names it.</exception>
    public static Operation[] Lower(Network network, PlanOptions options, IReadOnlyList<ParameterSpec> learning, ParameterSet? values)
    {
        var lowering = new Lowering(network, options, learning, values);
        while (lowering._layer < network.Layers.Count)
            lowering.Next();
        return [.. lowering._operations];
    }

    /// <summary>Whether the gradient of the input of the next operation is needed.</summary>
    private bool InputGradient => _options.InputGradient || _operations.Any(operation => operation.Kernel.WeightGradient);

    private void Next()
    {
        switch (_network.Layers[_layer])
        {
            // Backward of the normalization looks at the convolution's output anyway, so it takes the mask of the ReLU in.
            case Conv2d conv when Follows<ReLU>() && NormTakesPool(_layer + 2):
                Convolution(2, conv, relu: true, gradientMasked: true);
                NormalizationWithPool(relu: true);
                break;
            // Backward of the pool reaches maxima alone, and knows which of them are positive.
            case Conv2d conv when Follows<ReLU>() && _layer + 2 < _network.Layers.Count && _network.Layers[_layer + 2] is MaxPool2d pool:
                Convolution(2, conv, relu: true, gradientMasked: true);
                MaxPooling(pool, relu: true);
                break;
            case Conv2d conv:
                Convolution(Follows<ReLU>() ? 2 : 1, conv, relu: Follows<ReLU>(), gradientMasked: false);
                break;
            case Linear linear:
                FullyConnected(Follows<ReLU>() ? 2 : 1, linear, relu: Follows<ReLU>());
                break;
            // The normalized map is as large as the convolution's and only the pool reads it: together they never write it down.
            case LocalResponseNorm when NormTakesPool(_layer):
                NormalizationWithPool(relu: false);
                break;
            case LocalResponseNorm norm:
                Add(1, info => _kernels.LocalResponseNorm(Settings(info, norm)));
                break;
            case WithinChannelNorm norm:
                Add(1, info => _kernels.WithinChannelNorm(
                    new(info.BatchSize, info.InputShape.Height, info.InputShape.Width, info.InputShape.Channels, norm.Size, norm.Alpha, norm.Beta),
                    InputGradient));
                break;
            case MaxPool2d pool:
                MaxPooling(pool, relu: false);
                break;
            case AvgPool2d pool:
                Add(1, info => _kernels.AvgPool(Windows(info, pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, pool.CountPadding)));
                break;
            case AdaptiveAvgPool2d pool:
                Add(1, info => _kernels.AvgPool(PoolWindows.Adaptive(
                    info.BatchSize, info.InputShape.Height, info.InputShape.Width, info.InputShape.Channels, pool.OutputHeight, pool.OutputWidth)));
                break;
            case ReLU:
                Add(1, info => _kernels.Relu(info.OutputLength));
                break;
            // Before everything that learns it is off for good. (Without anything that learns, Forward says whether it drops.)
            case Dropout when _learning.Count > 0 && _layer < _firstBackward:
                TakeNothing();
                break;
            case Dropout dropout:
                uint stream = FirstDropoutStream + (uint)(_network.Offset + _layer);
                Add(1, info => _kernels.Dropout(info.OutputLength, 1 - dropout.Rate, _options.Seed, stream));
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

    private void Convolution(int layers, Conv2d conv, bool relu, bool gradientMasked)
    {
        OperationInfo info = Take(layers);
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
        var request = new ConvRequest(relu, Learns(conv), InputGradient, _options.Precise, gradientMasked);
        IReadOnlyList<ConvCandidate> candidates = CandidatesFor(_options.ThreadsAtOnce);
        _operations.Add(new Operation(info, candidates[^1].Kernel!, conv.Name, candidates, threads => CandidatesFor(threads)[^1].Kernel!));

        IReadOnlyList<ConvCandidate> CandidatesFor(int threads) => ConvAlgorithms.Candidates(geometry, request with { Threads = threads });
    }

    private void FullyConnected(int layers, Linear linear, bool relu)
    {
        OperationInfo info = Take(layers);
        bool learns = Learns(linear);
        _operations.Add(new Operation(
            info,
            _kernels.Linear(
                info.BatchSize, (int)info.InputShape.Length, linear.OutputFeatures, relu, learns, InputGradient, Format(_options.Precision),
                factors: learns && _options.FactorLayers.Contains(linear.Name),
                fetchesWeight: _learning.Count == 0 && !_options.InputGradient && _values?.Find($"{linear.Name}.weight") is { IsLoaded: false }),
            linear.Name));
    }

    private static WeightFormat Format(Precision precision) => precision switch
    {
        Precision.BFloat16 => WeightFormat.BFloat16,
        Precision.Int8 => WeightFormat.Int8,
        _ => WeightFormat.Float32,
    };

    /// <param name="pool">The layer.</param>
    /// <param name="relu">Whether backward also goes through the ReLU that made the input.</param>
    private void MaxPooling(MaxPool2d pool, bool relu) => Add(1, info => _kernels.MaxPool(
        Windows(info, pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, countPadding: false), InputGradient, relu));

    /// <param name="relu">Whether backward also goes through the ReLU that made the input.</param>
    private void NormalizationWithPool(bool relu)
    {
        (var norm, var pool) = ((LocalResponseNorm)_network.Layers[_layer], (MaxPool2d)_network.Layers[_layer + 1]);
        Add(2, info => _kernels.LocalResponseNormMaxPool(
            Settings(info, norm), Windows(info, pool.KernelSize, pool.Stride, pool.Padding, pool.RoundUp, countPadding: false), relu));
    }

    /// <summary>Adds the operation that stands for the next <paramref name="layers"/> layers and has no parameters; to a convolution before it, if that hands rows over.</summary>
    private void Add(int layers, Func<OperationInfo, Kernel> kernel)
    {
        OperationInfo info = Take(layers);
        Kernel made = kernel(info);
        if (!_options.KeepActivations && _operations.Count > 0 && _operations[^1].Then(info, made) is { } both)
            _operations[^1] = both;
        else
            _operations.Add(new Operation(info, made));
    }

    private static ResponseNormSettings Settings(OperationInfo info, LocalResponseNorm norm) =>
        new(info.InputLength / info.InputShape.Channels, info.InputShape.Channels, norm.Radius, norm.Bias, norm.Alpha, norm.Beta);

    /// <summary>The windows of a pooling layer; the description has made sure that each sees the input.</summary>
    private static PoolWindows Windows(OperationInfo info, int kernel, int stride, Padding padding, bool roundUp, bool countPadding)
    {
        Shape input = info.InputShape;
        WindowSpan rows = padding.Vertical(input.Height, kernel, stride, roundUp), columns = padding.Horizontal(input.Width, kernel, stride, roundUp);
        return PoolWindows.Sliding(
            info.BatchSize, input.Height, input.Width, input.Channels,
            new PoolAxis(rows.Count, kernel, stride, rows.Before, rows.After, countPadding),
            new PoolAxis(columns.Count, kernel, stride, columns.Before, columns.After, countPadding));
    }

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
