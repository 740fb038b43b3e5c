using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using AlexNetSharp.Data;

namespace AlexNetSharp.Inference;

/// <summary>Some inputs on their way through the network, and the memory for them; used again and again, so that a call allocates nothing.</summary>
/// <remarks>One caller at a time: fill <see cref="Room"/>, hand it to <see cref="InferenceEngine"/>, wait, read <see cref="Output"/>.</remarks>
/// <param name="inputLength">Floats of one input.</param>
/// <param name="outputLength">Floats of one output.</param>
internal sealed class InferenceCall(int inputLength, int outputLength) : IValueTaskSource
{
    private readonly object _gate = new();
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private float[] _input = [], _output = [];
    private Batch? _batch;
    private bool _awaited, _done;
    private long _handedOver, _begun, _ended;
    private Exception? _error;

    /// <summary>Number of inputs.</summary>
    public int Rows { get; private set; }

    /// <summary>The caller no longer waits.</summary>
    public CancellationToken Cancellation { get; private set; }

    /// <summary>The inputs, [rows, input].</summary>
    public ReadOnlySpan<float> Input => _batch is null ? Room : _batch.Input;

    /// <summary>Memory for the inputs of a call that did not get a batch.</summary>
    public Span<float> Room => _input.AsSpan(0, Rows * inputLength);

    /// <summary>The outputs, [rows, output].</summary>
    public Span<float> Output => _output.AsSpan(0, Rows * outputLength);

    /// <summary>Inputs of the pass that computed this call.</summary>
    public int BatchRows { get; private set; }

    /// <summary>Time between <see cref="Begin"/> and the pass.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(_handedOver, _begun);

    /// <summary>Time of the pass.</summary>
    public TimeSpan Computed => Stopwatch.GetElapsedTime(_begun, _ended);

    /// <summary>One input.</summary>
    public ReadOnlySpan<float> InputRow(int row) => Input.Slice(row * inputLength, inputLength);

    /// <summary>One output.</summary>
    public Span<float> OutputRow(int row) => _output.AsSpan(row * outputLength, outputLength);

    /// <summary>Makes room.</summary>
    /// <param name="rows">Number of inputs.</param>
    /// <param name="batch">Holds the inputs, and stays as it is until the call has ended; null for <see cref="Room"/>.</param>
    public void Reserve(int rows, Batch? batch = null)
    {
        (Rows, _batch) = (rows, batch);
        if (batch is null && _input.Length < rows * (long)inputLength)
            _input = GC.AllocateUninitializedArray<float>(checked(rows * inputLength));
        if (_output.Length < rows * (long)outputLength)
            _output = GC.AllocateUninitializedArray<float>(checked(rows * outputLength));
    }

    /// <summary>Says before the call is handed over how its end will be waited for.</summary>
    public void Begin(bool awaited, CancellationToken cancellation)
    {
        (_awaited, _done, _error, Cancellation) = (awaited, false, null, cancellation);
        _handedOver = Stopwatch.GetTimestamp();
        if (awaited)
            _source.Reset();
    }

    /// <summary>Takes note of the pass that computes the call.</summary>
    public void Join(long timestamp, int rows) => (_begun, BatchRows) = (timestamp, rows);

    /// <summary>Ends the call: its output is there, or an error.</summary>
    public void Complete(Exception? error)
    {
        Cancellation = default;
        _ended = Stopwatch.GetTimestamp();
        if (_awaited)
        {
            if (error is null)
                _source.SetResult(true);
            else
                _source.SetException(error);
            return;
        }
        lock (_gate)
        {
            (_error, _done) = (error, true);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Blocks until the call has ended.</summary>
    public void Wait()
    {
        lock (_gate)
            while (!_done)
                Monitor.Wait(_gate);
        if (_error is { } error)
            ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>The end of the call, to be awaited once.</summary>
    public ValueTask WhenDone => new(this, _source.Version);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
