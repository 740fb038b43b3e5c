using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Threading;

/// <summary>A small pool of threads that take the pieces of a <see cref="Job"/> one after the other until none is left.</summary>
/// <remarks>
/// <para>
/// Pieces are taken dynamically, and a run ends when all pieces are done, not when all threads have looked: a thread that the system has
/// stopped delays only the piece it holds, and none if it holds none. The calling thread works too: a pool of one thread starts no thread.
/// </para>
/// <para>
/// Between two runs that follow closely, as the stages of a network do, threads wait actively for some tens of microseconds, because waking a thread
/// takes longer than many a stage. After that they sleep: an idle pool uses no processor time.
/// </para>
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Sleeper[] _sleepers;
    private readonly Sleeper _caller = new();
    private readonly Lock _runs = new();
    private readonly long _patience;
    private Job _job = null!;

    // A piece belongs to whoever lowers _remaining by one. Job and count are written before _remaining is raised from 0, and can
    // not change before _unfinished is 0 again, so whoever holds a piece reads them safely, however late the thread comes.
    private int _count, _remaining, _unfinished;
    private volatile bool _stop;
    private Exception? _error;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads.</summary>
    /// <param name="threads">Threads that work, the caller included; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is less than 1.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        // With more threads than processors, a thread that spins takes its time from one that works.
        _patience = threads <= Environment.ProcessorCount ? Stopwatch.Frequency / 20_000 : 0;
        _threads = new Thread[threads - 1];
        _sleepers = new Sleeper[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _sleepers[i] = new Sleeper();
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"AlexNetSharp worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work, the caller of <see cref="Run"/> included.</summary>
    public int Threads { get; }

    /// <summary>Executes the pieces 0 to <paramref name="count"/> − 1 of <paramref name="job"/> and returns when all are done.</summary>
    /// <remarks>
    /// Calls from several threads follow one another; a job must not run another job on the same pool. After an exception no further piece is
    /// begun; the first one is thrown here when all threads have stopped. Allocates nothing.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The pool was disposed of.</exception>
    /// <exception cref="InvalidOperationException">Called from within a job of the calling thread.</exception>
    public void Run(Job job, int count)
    {
        if (_runs.IsHeldByCurrentThread)
            throw new InvalidOperationException("A job must not run another job on its own pool.");
        lock (_runs)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            if (Threads == 1 || count <= 1)
            {
                for (int i = 0; i < count; i++)
                    job.Execute(i, 0);
                return;
            }
            _job = job;
            _count = count;
            _error = null;
            _unfinished = count;
            Interlocked.Exchange(ref _remaining, count);
            for (int i = 0; i < _sleepers.Length && i < count - 1; i++)
                _sleepers[i].Wake();
            Take(0);
            WaitForOthers();
            if (_error is { } error)
                ExceptionDispatchInfo.Throw(error);
        }
    }

    private void Work(int worker)
    {
        Sleeper sleeper = _sleepers[worker - 1];
        while (!_stop)
        {
            Take(worker);
            long start = Stopwatch.GetTimestamp();
            while (!WorkOrStop && Stopwatch.GetTimestamp() - start < _patience)
                Thread.SpinWait(8);
            if (WorkOrStop)
                continue;
            sleeper.Announce();
            // Whoever adds work after this look sees the announcement and wakes this thread.
            if (WorkOrStop)
                sleeper.Withdraw();
            else
                sleeper.Sleep();
        }
    }

    private bool WorkOrStop => Volatile.Read(ref _remaining) > 0 || _stop;

    private void WaitForOthers()
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _unfinished) > 0)
        {
            if (Stopwatch.GetTimestamp() - start < _patience)
            {
                Thread.SpinWait(8);
                continue;
            }
            _caller.Announce();
            if (Volatile.Read(ref _unfinished) == 0)
                _caller.Withdraw();
            else
                _caller.Sleep();
        }
    }

    private void Take(int worker)
    {
        int done = 0;
        while (true)
        {
            int remaining = Volatile.Read(ref _remaining);
            if (remaining == 0)
                break;
            if (Interlocked.CompareExchange(ref _remaining, remaining - 1, remaining) != remaining)
                continue;
            done++;
            try
            {
                _job.Execute(_count - remaining, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _error, e, null);
                done += Interlocked.Exchange(ref _remaining, 0);
            }
        }
        if (done > 0 && Interlocked.Add(ref _unfinished, -done) == 0 && worker != 0)
            _caller.Wake();
    }

    /// <summary>Ends the threads, after the run that is under way.</summary>
    public void Dispose()
    {
        lock (_runs)
        {
            if (_stop)
                return;
            _stop = true;
            foreach (Sleeper sleeper in _sleepers)
                sleeper.Wake();
            foreach (Thread thread in _threads)
                thread.Join();
            foreach (Sleeper sleeper in _sleepers)
                sleeper.Dispose();
            _caller.Dispose();
        }
    }
}
