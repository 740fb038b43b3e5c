using System.Diagnostics;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>Executes a network on the CPU for one batch size: forward pass and gradients.</summary>
/// <remarks>
/// <para>
/// Everything is decided when the plan is created: the algorithm of each layer, which layers are fused, and where each
/// buffer lies in one arena. A step allocates nothing. Write images to <see cref="Input"/>, call <see cref="Forward"/>, read
/// <see cref="Output"/>; for gradients write the loss's gradient to <see cref="OutputGradient"/>, call <see cref="Backward"/> and read
/// <see cref="Gradients"/>.
/// </para>
/// <para>
/// Spans of a plan are valid until it is disposed; keep a reference to the plan while you use them. A property whose span would have more than
/// 2³¹ − 1 values throws <see cref="OverflowException"/>.
/// </para>
/// <para>Results are bit-identical for any number of threads. A plan is not thread-safe; create one per caller.</para>
/// </remarks>
public sealed unsafe class Plan : IExecutor
{
    private readonly Operation[] _operations;
    private readonly PlanOperation[] _reports;
    private readonly WorkerPool _pool;
    private readonly AlignedBuffer _arena;
    private readonly Step _step = new();
    private readonly ArenaSlot[] _activations;
    private readonly ArenaSlot? _gradOutput, _gradInput;
    private readonly int _backwardEnd;
    private readonly Parameter?[] _weights;
    private readonly bool[] _preparesInTurn;
    private readonly long[] _preparedVersions;
    private readonly Parameter[][] _gradientsOf;
    private long _preparedVersion = -1;
    private bool _forwardDone, _disposed;

    /// <summary>Creates a plan: chooses algorithms, allocates all memory and starts the threads.</summary>
    /// <param name="network">What to execute.</param>
    /// <param name="parameters">The values of its parameters; read at every step; after a change call <see cref="ParameterSet.MarkChanged()"/>.</param>
    /// <param name="options">Batch size, threads, gradients.</param>
    /// <exception cref="ArgumentException">
    /// The parameters belong to another network, the options contradict each other or do not fit the network, or no layer computes anything.
    /// </exception>
    /// <exception cref="NotSupportedException">A layer is of a type that cannot be executed; the message names it.</exception>
    /// <exception cref="OverflowException">The sizes exceed 64 bits.</exception>
    /// <exception cref="InsufficientMemoryException">The plan needs more memory than is available.</exception>
    /// <exception cref="IOException">Weights that have stayed in their file cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">That file has been cut short.</exception>
    public Plan(Network network, ParameterSet parameters, PlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        CheckParameters(network, parameters);
        var layout = new PlanLayout(network, options, parameters);
        // Before the demand, which counts what is free then; and before there are threads, as a file may fail.
        foreach (Operation operation in layout.Operations)
            operation.LoadWeight(parameters);
        SystemMemory.Demand(layout.Bytes, $"a plan of network '{network.Name}' for batch {options.BatchSize}");

        Network = network;
        Parameters = parameters;
        Options = options;
        MemoryBytes = layout.Bytes;
        _operations = layout.Operations;
        _reports = [.. _operations.Select((operation, i) => new PlanOperation(network, operation, layout.ModeOf(i)))];
        _activations = layout.Activations;
        _gradInput = layout.GradientOf(0);
        _gradOutput = layout.GradientOf(_operations.Length);
        _backwardEnd = layout.BackwardEnd;
        if (layout.Learning.Count > 0)
            Gradients = new ParameterSet(network, layout.Learning);
        _arena = new AlignedBuffer(layout.ArenaLength);
        _pool = new WorkerPool(options.EffectiveThreads, options.ThreadsAtOnce);
        for (int i = 0; i < _operations.Length; i++)
            _operations[i].Bind(_pool, layout.OperandsOf(i, _arena.Pointer, _step), parameters, Gradients);
        _weights = [.. _reports.Select(report => parameters.Find($"{report.Layers[0]}.weight"))];
        _preparesInTurn = [.. _operations.Select((_, i) => layout.PreparesInTurn(i))];
        _preparedVersions = new long[_operations.Length];
        _preparedVersions.AsSpan().Fill(-1);
        _gradientsOf = [.. _reports.Select(report => report.Mode == OperationMode.Learns
            ? new[] { Gradients![$"{report.Layers[0]}.weight"], Gradients[$"{report.Layers[0]}.bias"] } : [])];
    }

    /// <summary>The network.</summary>
    public Network Network { get; }

    /// <summary>The values of its parameters.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>What the plan was made for.</summary>
    public PlanOptions Options { get; }

    /// <inheritdoc/>
    public int BatchSize => Options.BatchSize;

    /// <inheritdoc/>
    ulong IExecutor.Seed => Options.Seed;

    /// <summary>Memory of the plan in bytes: arena and parameter gradients, without the parameters.</summary>
    public long MemoryBytes { get; }

    /// <summary>The threads, for work between forward and backward.</summary>
    internal WorkerPool Pool => _pool;

    WorkerPool? IExecutor.Pool => _pool;

    AlignedBuffer.Lease IExecutor.Hold() => _arena.Hold();

    LinearFactors? IExecutor.FactorsOf(Parameter gradient)
    {
        int operation = Array.FindIndex(_gradientsOf, gradients => gradients.Contains(gradient));
        return operation >= 0 && gradient.Spec.Role == ParameterRole.LinearWeight ? _operations[operation].Kernel.Factors : null;
    }

    /// <summary>Threads to compute with, including the caller's.</summary>
    public int Threads => _pool.Threads;

    /// <summary>The operations in the order of the forward pass, with algorithm and last duration.</summary>
    public IReadOnlyList<PlanOperation> Operations => _reports;

    /// <summary>The gradients of the parameters in scope, after <see cref="Backward"/>; null if there are none.</summary>
    public ParameterSet? Gradients { get; }

    /// <summary>The batch, [batch, height, width, channels], to be written before <see cref="Forward"/>, which does not change it.</summary>
    public Span<float> Input => SpanOf(_activations[0]);

    /// <summary>The output, [batch, classes], after <see cref="Forward"/>.</summary>
    public ReadOnlySpan<float> Output => SpanOf(_activations[^1]);

    /// <summary>The gradient of the loss with respect to the output, [batch, classes], to be written before <see cref="Backward"/>.</summary>
    /// <exception cref="InvalidOperationException">The options ask for no gradients.</exception>
    public Span<float> OutputGradient => SpanOf(_gradOutput ?? throw NoGradients());

    /// <summary>The gradient of the loss with respect to the input, [batch, height, width, channels], after <see cref="Backward"/>.</summary>
    /// <exception cref="InvalidOperationException">The options do not ask for it.</exception>
    public ReadOnlySpan<float> InputGradient => SpanOf(
        _gradInput ?? throw new InvalidOperationException("the plan computes no input gradient; set PlanOptions.InputGradient"));

    /// <summary>Memory in bytes of a plan and its network's parameters, computed without allocating it.</summary>
    /// <exception cref="ArgumentException">The options contradict each other or do not fit the network, or no layer computes anything.</exception>
    /// <exception cref="NotSupportedException">A layer is of a type that cannot be executed; the message names it.</exception>
    /// <exception cref="OverflowException">The sizes exceed 64 bits.</exception>
    public static long EstimateMemory(Network network, PlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        long parameters = network.Parameters.Sum(Parameter.LengthOfStorage) * sizeof(float);
        return checked(new PlanLayout(network, options).Bytes + parameters);
    }

    /// <summary>Computes the output of the batch in <see cref="Input"/>.</summary>
    /// <param name="training">Whether dropout is active. It is never active before the first layer that learns, so never in a plan without gradients.</param>
    /// <param name="step">Number of the step; together with <see cref="IExecutor.Seed"/> it determines the dropout masks.</param>
    /// <exception cref="ObjectDisposedException">The plan or its parameters were disposed of.</exception>
    /// <exception cref="IOException">Weights that have stayed in their file cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">That file has been cut short.</exception>
    public void Forward(bool training = false, ulong step = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // Until all operations have run, the activations are of no one step.
        _forwardDone = false;
        // Kernels know addresses only.
        using AlignedBuffer.Lease arena = _arena.Hold(), values = Parameters.Hold();
        _step.Training = training;
        _step.Number = step;
        PrepareWeights();
        for (int i = 0; i < _operations.Length; i++)
        {
            if (_preparesInTurn[i])
                PrepareWeight(i);
            long start = Stopwatch.GetTimestamp();
            _operations[i].Kernel.Forward();
            _reports[i].Forward = Stopwatch.GetElapsedTime(start);
        }
        _forwardDone = true;
        GC.KeepAlive(this);
    }

    /// <summary>Computes the gradients of the last <see cref="Forward"/> call from <see cref="OutputGradient"/>.</summary>
    /// <param name="accumulate">Whether to add to the parameter gradients (for a batch in several parts) instead of overwriting them.</param>
    /// <param name="gradientReady">Called with each of <see cref="Gradients"/> as soon as it is complete, those of the last layer first.</param>
    /// <exception cref="InvalidOperationException">There was no forward call before, or the options ask for no gradients.</exception>
    /// <exception cref="ObjectDisposedException">The plan, its parameters or gradients were disposed of.</exception>
    public void Backward(bool accumulate = false, Action<Parameter>? gradientReady = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_gradOutput is null)
            throw NoGradients();
        if (!_forwardDone)
            throw new InvalidOperationException("call Forward before Backward: backward uses the activations of forward, once");
        // Gradients share memory with activations that are read for the last time.
        _forwardDone = false;
        using AlignedBuffer.Lease arena = _arena.Hold(), values = Parameters.Hold(), learning = Gradients is null ? default : Gradients.Hold();
        for (int i = _operations.Length - 1; i >= _backwardEnd; i--)
        {
            long start = Stopwatch.GetTimestamp();
            _operations[i].Kernel.Backward(accumulate);
            _reports[i].Backward = Stopwatch.GetElapsedTime(start);
            if (gradientReady is not null)
                foreach (Parameter gradient in _gradientsOf[i])
                    gradientReady(gradient);
        }
        GC.KeepAlive(this);
    }

    /// <summary>The output of a layer after the last step, [batch, height, width, channels] or [batch, features].</summary>
    /// <remarks>For a convolution or fully connected layer followed by a ReLU these are the values after the ReLU, as in the notebook.</remarks>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The plan does not keep it; set <see cref="PlanOptions.KeepActivations"/>.</exception>
    public ReadOnlySpan<float> Activation(string layer)
    {
        int index = Network.IndexOf(layer);
        if (index < 0)
            throw new ArgumentException($"network '{Network.Name}' has no layer '{layer}'", nameof(layer));
        if (!Options.KeepActivations)
            throw new InvalidOperationException($"the plan does not keep the output of layer '{layer}'; set PlanOptions.KeepActivations");
        int operation = Array.FindIndex(_operations, o => o.Info.LayerIndices.Contains(index));
        return SpanOf(_activations[operation + 1]);
    }

    /// <summary>Stops the threads and frees the memory; a call that runs on another thread ends first, mostly with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _pool.Dispose();
        _arena.Dispose();
        Gradients?.Dispose();
    }

    private void PrepareWeights()
    {
        if (_preparedVersion == Parameters.Version)
            return;
        for (int i = 0; i < _operations.Length; i++)
        {
            // Weights that do not learn are prepared once, not in every step.
            if (_weights[i] is not { } weight || weight.Version == _preparedVersions[i])
            {
                _reports[i].Prepare = default;
                continue;
            }
            if (!_preparesInTurn[i])
                PrepareWeight(i);
            _preparedVersions[i] = weight.Version;
        }
        _preparedVersion = Parameters.Version;
    }

    private void PrepareWeight(int operation)
    {
        long start = Stopwatch.GetTimestamp();
        _operations[operation].Kernel.PrepareWeights();
        _reports[operation].Prepare = Stopwatch.GetElapsedTime(start);
    }

    private Span<float> SpanOf(ArenaSlot slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(_arena.Pointer + slot.Offset, checked((int)slot.Length));
    }

    private static InvalidOperationException NoGradients() =>
        new("the plan computes no gradients; set PlanOptions.Gradients or PlanOptions.InputGradient");

    private static void CheckParameters(Network network, ParameterSet parameters)
    {
        foreach (ParameterSpec spec in network.Parameters)
        {
            IReadOnlyList<int> given = parameters.Find(spec.Name)?.Spec.Dimensions ?? throw new ArgumentException(
                $"network '{network.Name}' needs parameter '{spec.Name}', which the parameters of network '{parameters.Network.Name}' lack");
            if (!given.SequenceEqual(spec.Dimensions))
                throw new ArgumentException(
                    $"parameter '{spec.Name}' has shape [{string.Join(", ", given)}], "
                    + $"but network '{network.Name}' needs [{string.Join(", ", spec.Dimensions)}]");
        }
    }
}
