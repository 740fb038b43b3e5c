using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Oracles;

/// <summary>
/// The smallest executor there can be: the float64 oracle, made anew in every step. It knows of the library's memory only what
/// <see cref="Parameter.CopyTo"/> and <see cref="Parameter.CopyFrom"/> say. Networks without dropout.
/// </summary>
internal sealed class OracleExecutor : IExecutor
{
    private readonly float[] _input, _output, _outputGradient;
    private OracleNetwork? _oracle;

    public OracleExecutor(Network network, ParameterSet parameters, ExecutorOptions options)
    {
        Assert.DoesNotContain(network.Layers, layer => layer is Dropout);
        (Network, Parameters, BatchSize, Seed) = (network, parameters, options.BatchSize, options.Seed);
        _input = new float[BatchSize * network.InputShape.Length];
        _output = new float[BatchSize * network.OutputShape.Length];
        _outputGradient = new float[_output.Length];
        IReadOnlyList<ParameterSpec> learning = options.Gradients.In(network);
        Gradients = learning.Count == 0 ? null : new ParameterSet(network, learning);
    }

    public Network Network { get; }

    public ParameterSet Parameters { get; }

    public int BatchSize { get; }

    public ulong Seed { get; }

    public long MemoryBytes => sizeof(float) * (_input.Length + 2L * _output.Length);

    public Span<float> Input => _input;

    public ReadOnlySpan<float> Output => _output;

    public Span<float> OutputGradient => _outputGradient;

    public ParameterSet? Gradients { get; }

    public void Forward(bool training = false, ulong step = 0)
    {
        _oracle = OracleFromNetwork.Create(Network, Parameters);
        Shape shape = Network.InputShape;
        _oracle.Forward(OracleTensor.From(_input, BatchSize, shape.Height, shape.Width, shape.Channels)).ToFloats().CopyTo(_output, 0);
    }

    public void Backward(bool accumulate = false, Action<Parameter>? gradientReady = null)
    {
        OracleNetwork oracle = _oracle ?? throw new InvalidOperationException("call Forward before Backward");
        _oracle = null;
        oracle.Backward(OracleTensor.From(_outputGradient, BatchSize, 1, 1, (int)Network.OutputShape.Length));
        foreach (Parameter gradient in Gradients!.Parameters.Reverse())
        {
            double[] values = oracle[gradient.Name].Gradient;
            if (accumulate)
                values = [.. values.Zip(OracleFromNetwork.Read(gradient), (now, before) => now + before)];
            gradient.CopyFrom(Array.ConvertAll(values, static v => (float)v));
            gradientReady?.Invoke(gradient);
        }
    }

    public void Dispose() => Gradients?.Dispose();
}

/// <summary>Makes <see cref="OracleExecutor"/>s.</summary>
internal sealed class OracleBackend : IBackend
{
    public IExecutor Create(Network network, ParameterSet parameters, ExecutorOptions options) => new OracleExecutor(network, parameters, options);

    public long EstimateMemory(Network network, ExecutorOptions options) => 0;
}
