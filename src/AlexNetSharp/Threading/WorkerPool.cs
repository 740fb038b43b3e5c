using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Threading;

/// <summary>A small pool of threads that take the pieces of a <see cref="Job"/> one after the other until none is left.</summary>
/// <remarks>
/// <para>
/// Every thread begins with its own contiguous share of the pieces, from the first on, and takes from the end of another's when it has none left.
/// So in each job as in the one before, a thread works on the same images, which its own cache holds; and a thread that the system has
/// stopped delays only the piece it holds, for a run ends when all pieces are done, not when all threads have looked.
/// The calling thread works too: a pool of one thread starts no thread.
/// </para>
/// <para>
/// Between two runs that follow closely, as the stages of a network do, threads wait actively for some tens of microseconds, because waking a thread
/// takes longer than many a stage. After that they sleep: an idle pool uses no processor time.
/// </para>
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    private const int ShareDistance = 16;

    /// <summary>The pool that the current thread belongs to; null on a caller's thread.</summary>
    [ThreadStatic]
    private static WorkerPool? t_poolOfThread;

    private readonly Thread[] _threads;
    private readonly Sleeper[] _sleepers;
    private readonly Sleeper _caller = new();
    private readonly Lock _runs = new();
    private readonly long _patience;
    private readonly int _atOnce;
    private Job _job = null!;

    // The share of each thread, [next, end) in the upper and lower half of a number, in cache lines of their own. A piece belongs to whoever
    // takes it out of a share by one exchange. The job is written before the shares, and can not change before _unfinished is 0 again, so
    // whoever holds a piece reads it safely, however late the thread comes.
    private readonly long[] _shares;
    private int _unfinished, _run;
    private volatile bool _stop;
    private Exception? _error;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads.</summary>
    /// <param name="threads">Threads that work, the caller included; at least 1.</param>
    /// <param name="atOnce">
    /// How many of them a run wakes and gives shares to; 0 for all. More than there are processors would only wait for each other, and waking one takes
    /// longer than many a stage.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is less than 1, or <paramref name="atOnce"/> not from 0 to that.</exception>
    public WorkerPool(int threads, int atOnce = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(atOnce);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(atOnce, threads);
        Threads = threads;
        _atOnce = atOnce == 0 ? threads : atOnce;
        // With more threads than processors, a thread that spins takes its time from one that works.
        _patience = _atOnce <= Environment.ProcessorCount ? Stopwatch.Frequency / 20_000 : 0;
        _shares = new long[ShareDistance * (threads + 1)];
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

    /// <summary>Threads that work, the caller of <see cref="Run(Job, int)"/> included.</summary>
    public int Threads { get; }

    /// <summary>Executes the pieces 0 to <paramref name="count"/> − 1 of <paramref name="job"/> and returns when all are done.</summary>
    /// <inheritdoc cref="Run(Job, int, int)"/>
    public void Run(Job job, int count) => Run(job, 0, count);

    /// <summary>Executes the pieces <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> − 1 of <paramref name="job"/> and returns when all are done.</summary>
    /// <remarks>
    /// Calls from several threads follow one another; a job must not run another job on the same pool. After an exception no further piece is
    /// begun; the first one is thrown here when all threads have stopped. Allocates nothing.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from within a job of this pool.</exception>
    public void Run(Job job, int first, int count)
    {
        // A thread of the pool would wait for the run that waits for it.
        if (t_poolOfThread == this || _runs.IsHeldByCurrentThread)
            throw new InvalidOperationException("A job must not run another job on its own pool.");
        lock (_runs)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            if (Threads == 1 || count <= 1)
            {
                for (int i = 0; i < count; i++)
                    job(first + i, 0);
                return;
            }
            _job = job;
            _error = null;
            Volatile.Write(ref _unfinished, count);
            for (int worker = 0; worker < Threads; worker++)
                Volatile.Write(ref Share(worker), Pack(first + Part(worker), first + Part(worker + 1)));
            Interlocked.Increment(ref _run);
            for (int i = 0; i < _atOnce - 1 && i < count - 1; i++)
                _sleepers[i].Wake();
            Take(0);
            WaitForOthers();
            if (_error is { } error)
                ExceptionDispatchInfo.Throw(error);
        }

        int Part(int worker) => (int)((long)count * Math.Min(worker, _atOnce) / _atOnce);
    }

    private void Work(int worker)
    {
        t_poolOfThread = this;
        Sleeper sleeper = _sleepers[worker - 1];
        int seen = 0;
        while (!_stop)
        {
            // Read before looking for pieces: a run that begins after the look has another number.
            seen = Volatile.Read(ref _run);
            Take(worker);
            long start = Stopwatch.GetTimestamp();
            while (!NewRunOrStop() && Stopwatch.GetTimestamp() - start < _patience)
                Thread.SpinWait(8);
            if (NewRunOrStop())
                continue;
            sleeper.Announce();
            // Whoever begins a run after this look sees the announcement and wakes this thread.
            if (NewRunOrStop())
                sleeper.Withdraw();
            else
                sleeper.Sleep();
        }

        bool NewRunOrStop() => Volatile.Read(ref _run) != seen || _stop;
    }

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
        int done = 0, piece;
        while ((piece = TakeOwn(worker)) >= 0 || (piece = TakeOther(worker)) >= 0)
        {
            done++;
            try
            {
                _job(piece, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _error, e, null);
                for (int other = 0; other < Threads; other++)
                    done += Left(Interlocked.Exchange(ref Share(other), 0));
            }
        }
        if (done > 0 && Interlocked.Add(ref _unfinished, -done) == 0 && worker != 0)
            _caller.Wake();
    }

    /// <summary>The first piece of the thread's own share, or −1.</summary>
    private int TakeOwn(int worker)
    {
        while (true)
        {
            long share = Volatile.Read(ref Share(worker));
            if (Left(share) == 0)
                return -1;
            if (Interlocked.CompareExchange(ref Share(worker), Pack(Next(share) + 1, End(share)), share) == share)
                return Next(share);
        }
    }

    /// <summary>The last piece of the share that has most left, or −1 if all are empty.</summary>
    private int TakeOther(int worker)
    {
        while (true)
        {
            int most = worker;
            long share = 0;
            for (int i = 1; i < Threads; i++)
            {
                int other = (worker + i) % Threads;
                long candidate = Volatile.Read(ref Share(other));
                if (Left(candidate) > Left(share))
                    (most, share) = (other, candidate);
            }
            if (Left(share) == 0)
                return -1;
            if (Interlocked.CompareExchange(ref Share(most), Pack(Next(share), End(share) - 1), share) == share)
                return End(share) - 1;
        }
    }

    private ref long Share(int worker) => ref _shares[ShareDistance * (worker + 1)];

    private static long Pack(int next, int end) => (long)next << 32 | (uint)end;

    private static int Next(long share) => (int)(share >> 32);

    private static int End(long share) => (int)share;

    private static int Left(long share) => End(share) - Next(share);

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
