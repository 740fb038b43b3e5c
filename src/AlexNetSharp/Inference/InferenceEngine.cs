using System.Diagnostics;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Inference;

/// <summary>Computes the calls of any number of threads on one thread of its own, together where several wait.</summary>
/// <remarks>
/// A forward pass keeps every processor busy, so two at the same time would only share them. Calls therefore queue, and whatever waits
/// when a pass ends is computed by the next one: without load a call is alone and fastest, under load batches fill by themselves, and
/// there the network needs about a third of the time an input. Two executors do that, one for a single input and one for a full batch; they are
/// made when they are first needed.
/// </remarks>
internal sealed class InferenceEngine : IDisposable
{
    private readonly Network _network;
    private readonly ParameterSet _parameters;
    private readonly IBackend _backend;
    private readonly ExecutorOptions _options;
    private readonly Queue<InferenceCall> _waiting = new();
    private readonly List<InferenceCall> _together = [];
    private readonly object _gate = new();
    private readonly Thread _thread;
    private IExecutor? _single, _batch;
    private bool _stop;

    /// <summary>Starts the thread.</summary>
    /// <param name="network">The network.</param>
    /// <param name="parameters">Its weights, which must not change; those of a network that begins with the same layers will do.</param>
    /// <param name="options">Batch size, threads and precision.</param>
    public InferenceEngine(Network network, ParameterSet parameters, InferenceOptions options)
    {
        (_network, _parameters) = (network, parameters);
        _backend = options.Backend ?? new CpuBackend(options.Threads);
        _options = new ExecutorOptions { BatchSize = options.BatchSize, Precision = options.Precision };
        InputLength = checked((int)network.InputShape.Length);
        OutputLength = checked((int)network.OutputShape.Length);
        _thread = new Thread(Work) { IsBackground = true, Name = "AlexNetSharp inference" };
        _thread.Start();
    }

    /// <summary>Floats of one input.</summary>
    public int InputLength { get; }

    /// <summary>Floats of one output.</summary>
    public int OutputLength { get; }

    /// <summary>Calls that wait for a pass.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Computes a call and returns when its output is there.</summary>
    /// <exception cref="ObjectDisposedException">The engine has been disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled before the network began.</exception>
    public void Run(InferenceCall call, CancellationToken cancellation)
    {
        call.Begin(awaited: false, cancellation);
        Enqueue(call);
        call.Wait();
    }

    /// <summary>Computes a call.</summary>
    /// <inheritdoc cref="Run"/>
    public ValueTask RunAsync(InferenceCall call, CancellationToken cancellation)
    {
        call.Begin(awaited: true, cancellation);
        Enqueue(call);
        return call.WhenDone;
    }

    /// <summary>Computes what waits already, then ends the thread and frees the executors. Several threads may call it; it returns to none before the end.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stop = true;
            Monitor.Pulse(_gate);
        }
        // Whoever disposes may free the weights next, so everyone waits for the pass under way.
        _thread.Join();
        Interlocked.Exchange(ref _single, null)?.Dispose();
        Interlocked.Exchange(ref _batch, null)?.Dispose();
    }

    private void Enqueue(InferenceCall call)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            _waiting.Enqueue(call);
            Monitor.Pulse(_gate);
        }
    }

    private void Work()
    {
        while (Take())
        {
            Exception? error = null;
            try
            {
                Compute();
            }
#pragma warning disable CA1031 // Every exception belongs to the callers.
            catch (Exception e)
#pragma warning restore CA1031
            {
                error = e;
            }
            foreach (InferenceCall call in _together)
                call.Complete(error);
            _together.Clear();
        }
    }

    /// <summary>Waits for calls and takes as many as fit into one batch, or one that is larger; false at the end.</summary>
    private bool Take()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_stop)
                    return false;
                Monitor.Wait(_gate);
            }
            int rows = 0;
            while (_waiting.TryPeek(out InferenceCall? call) && (rows == 0 || rows + call.Rows <= _options.BatchSize))
            {
                _waiting.Dequeue();
                if (call.Cancellation.IsCancellationRequested)
                {
                    call.Complete(new OperationCanceledException(call.Cancellation));
                    continue;
                }
                _together.Add(call);
                rows += call.Rows;
            }
            long now = Stopwatch.GetTimestamp();
            foreach (InferenceCall call in _together)
                call.Join(now, rows);
            return true;
        }
    }

    private void Compute()
    {
        int left = 0;
        foreach (InferenceCall call in _together)
            left += call.Rows;
        Place read = default, write = default;
        while (left > 0)
        {
            IExecutor executor = ExecutorFor(left);
            int count = Math.Min(left, executor.BatchSize);
            for (int i = 0; i < count; i++)
            {
                (InferenceCall call, int row) = read.Next(_together);
                call.InputRow(row).CopyTo(executor.Input.Slice(i * InputLength, InputLength));
            }
            Forward(executor);
            for (int i = 0; i < count; i++)
            {
                (InferenceCall call, int row) = write.Next(_together);
                executor.Output.Slice(i * OutputLength, OutputLength).CopyTo(call.OutputRow(row));
            }
            left -= count;
        }
    }

    /// <summary>One pass. Where weights are read from their file, its failure must not look like that of an image.</summary>
    private static void Forward(IExecutor executor)
    {
        try
        {
            executor.Forward();
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new InvalidOperationException($"the weights cannot be read any more: {e.Message}", e);
        }
    }

    /// <summary>The executor that computes <paramref name="rows"/> inputs soonest: a batch takes as long as a quarter of it one by one, full or not.</summary>
    private IExecutor ExecutorFor(int rows) => rows <= Math.Max(1, _options.BatchSize / 4)
        ? _single ??= _backend.Create(_network, _parameters, new ExecutorOptions { Precision = _options.Precision, Seed = _options.Seed })
        : _batch ??= _backend.Create(_network, _parameters, _options);

    /// <summary>A place in the inputs of several calls.</summary>
    private struct Place
    {
        private int _call, _row;

        /// <summary>The place, then goes to the next one.</summary>
        public (InferenceCall Call, int Row) Next(List<InferenceCall> calls)
        {
            while (_row == calls[_call].Rows)
                (_call, _row) = (_call + 1, 0);
            return (calls[_call], _row++);
        }
    }
}
