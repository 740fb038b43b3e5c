using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Threading;

/// <summary>A small pool of threads that take the pieces of a <see cref="Job"/> one after the other until none is left.</summary>
/// <remarks>
/// Pieces are taken dynamically, so a thread that the system stops delays only the piece it holds. The calling thread works too:
/// a pool of one thread starts no thread at all.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Lock _runs = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ManualResetEventSlim _done = new();
    private Job? _job;
    private int _count, _next, _busy;
    private volatile bool _stop;
    private Exception? _error;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads.</summary>
    /// <param name="threads">Threads that work, the caller included; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"AlexNetSharp worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work, the caller of <see cref="Run"/> included.</summary>
    public int Threads { get; }

    /// <summary>Executes the pieces 0 to <paramref name="count"/> − 1 of <paramref name="job"/> and returns when all are done.</summary>
    /// <remarks>Calls from several threads follow one another. The first exception of a piece is thrown here, after all threads stopped.</remarks>
    public void Run(Job job, int count)
    {
        lock (_runs)
        {
            if (Threads == 1 || count <= 1)
            {
                for (int i = 0; i < count; i++)
                    job.Execute(i, 0);
                return;
            }
            _job = job;
            _count = count;
            _next = 0;
            _error = null;
            int helpers = Math.Min(_threads.Length, count - 1);
            Volatile.Write(ref _busy, helpers);
            _done.Reset();
            _wake.Release(helpers);
            Take(0);
            _done.Wait();
            _job = null;
            if (_error is { } error)
                ExceptionDispatchInfo.Throw(error);
        }
    }

    private void Work(int worker)
    {
        while (true)
        {
            _wake.Wait();
            if (_stop)
                return;
            Take(worker);
            if (Interlocked.Decrement(ref _busy) == 0)
                _done.Set();
        }
    }

    private void Take(int worker)
    {
        try
        {
            int i;
            while ((i = Interlocked.Increment(ref _next) - 1) < _count)
                _job!.Execute(i, worker);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _error, e, null);
            Volatile.Write(ref _next, _count);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        if (_threads.Length > 0)
            _wake.Release(_threads.Length);
        foreach (Thread thread in _threads)
            thread.Join();
        _wake.Dispose();
        _done.Dispose();
    }
}
