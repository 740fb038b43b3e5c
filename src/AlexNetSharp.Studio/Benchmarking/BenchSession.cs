using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Benchmarking;

/// <summary>The benchmark, at most one at a time, and its last result. It is canceled when no page watches it.</summary>
internal sealed class BenchSession(StudioOptions options, TimeSpan grace) : IAsyncDisposable
{
    private const int LargestBatch = 512, MostBatches = 1000;

    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;
    private BenchState _state = new("idle", options.Benchmark?.Machine);
    private int _listeners;

    /// <summary>Current state; a new object after each change.</summary>
    public BenchState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <summary>Starts the benchmark.</summary>
    /// <exception cref="UserException">A benchmark is already running, or a number is out of range.</exception>
    public void Start(BenchRequest request)
    {
        IPageBenchmark measuring = Require();
        if (request.BatchSize is < 1 or > LargestBatch)
            throw new UserException(StatusCodes.Status400BadRequest, $"The batch size must be 1 to {LargestBatch}, not {request.BatchSize}.");
        if (request.Batches is < 1 or > MostBatches)
            throw new UserException(StatusCodes.Status400BadRequest, $"The number of steps must be 1 to {MostBatches}, not {request.Batches}.");
        lock (_gate)
        {
            if (_state.Phase == "running")
                throw new UserException(StatusCodes.Status409Conflict, "A benchmark is already running: wait for it to finish, or stop it.");
            _stop?.Dispose();
            _stop = new CancellationTokenSource();
            CancellationToken stopping = _stop.Token;
            _state = _state with { Phase = "running", Step = null, Error = null };
            _work = Task.Factory.StartNew(() => Measure(measuring, request, stopping), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>Cancels the benchmark.</summary>
    public void Stop()
    {
        lock (_gate)
            _stop?.Cancel();
    }

    /// <summary>Compares two results.</summary>
    public BenchDifference Compare(CompareRequest request) => Require().Compare(
        request.FirstName, System.Text.Encoding.UTF8.GetBytes(request.First), request.OtherName, System.Text.Encoding.UTF8.GetBytes(request.Other));

    /// <summary>Registers a page that watches.</summary>
    public void Enter()
    {
        lock (_gate)
            _listeners++;
    }

    /// <summary>Unregisters a page.</summary>
    public async Task LeaveAsync()
    {
        lock (_gate)
            if (--_listeners > 0)
                return;
        await Task.Delay(grace).ConfigureAwait(false);
        lock (_gate)
            if (_listeners == 0)
                _stop?.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await _work.ConfigureAwait(false);
        lock (_gate)
        {
            _stop?.Dispose();
            _stop = null;
        }
    }

    private IPageBenchmark Require() => options.Benchmark ?? throw new UserException(StatusCodes.Status404NotFound, "This studio has no benchmark: start it with alexnet studio.");

    private void Set(Func<BenchState, BenchState> change)
    {
        lock (_gate)
            _state = change(_state);
    }

    private void Measure(IPageBenchmark measuring, BenchRequest request, CancellationToken stopping)
    {
        try
        {
            BenchOutcome outcome = measuring.Run(request, step => Set(state => state with { Step = step }), stopping);
            Set(state => state with { Phase = "done", Outcome = outcome, Step = null });
        }
        catch (OperationCanceledException)
        {
            Set(state => state with { Phase = state.Outcome is null ? "idle" : "done", Step = null });
        }
#pragma warning disable CA1031 // The page shows the error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Set(state => state with { Phase = "failed", Error = options.Describe(e), Step = null });
        }
    }
}
