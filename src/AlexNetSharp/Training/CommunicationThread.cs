using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Training;

/// <summary>The thread on which gradients travel, one after the other in the order in which they were ready, the same in all processes.</summary>
internal sealed class CommunicationThread : IDisposable
{
    private readonly SharedGradients[] _queue;
    private readonly SemaphoreSlim _started = new(0);
    private readonly AutoResetEvent _arrived = new(false);
    private readonly Thread _thread;
    private int _put, _taken;
    private long _busy, _allocated;
    private volatile bool _stop;
    private volatile Exception? _error;

    /// <summary>Starts the thread.</summary>
    /// <param name="items">All that may travel.</param>
    public CommunicationThread(IReadOnlyList<SharedGradients> items)
    {
        _queue = new SharedGradients[items.Count + 1];
        _thread = new Thread(Run) { IsBackground = true, Name = "AlexNetSharp communication" };
        _thread.Start();
    }

    /// <summary>Time spent with things that travel.</summary>
    public TimeSpan Busy => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _busy));

    /// <summary>Managed memory that the thread has allocated, in bytes.</summary>
    public long AllocatedBytes => Volatile.Read(ref _allocated);

    /// <summary>Puts something at the end of the queue.</summary>
    /// <exception cref="ObjectDisposedException">The exchange was disposed of.</exception>
    public void Start(SharedGradients item)
    {
        ThrowIfStopped();
        item.Arrived = false;
        _queue[_put] = item;
        _put = (_put + 1) % _queue.Length;
        _started.Release();
    }

    /// <summary>Waits until something has arrived.</summary>
    /// <exception cref="ObjectDisposedException">The exchange was disposed of.</exception>
    public void Wait(SharedGradients item)
    {
        while (!item.Arrived)
        {
            if (_error is { } error)
                ExceptionDispatchInfo.Throw(error);
            ThrowIfStopped();
            _arrived.WaitOne();
        }
    }

    /// <summary>Ends the thread; whoever waits for something that has not arrived gets an exception.</summary>
    /// <remarks>What the two wait with stays for the collector: the thread that trains may be about to use it, and one that waits for a process that is gone does not end.</remarks>
    public void Dispose()
    {
        _stop = true;
        _started.Release();
        // After an error it may wait for a process that is gone.
        _thread.Join(TimeSpan.FromSeconds(1));
        _arrived.Set();
    }

    private void ThrowIfStopped()
    {
        if (_stop)
            throw new ObjectDisposedException(null, "the exchange of gradients was disposed of");
    }

    private void Run()
    {
        while (true)
        {
            _started.Wait();
            if (_stop)
                return;
            SharedGradients item = _queue[_taken];
            _taken = (_taken + 1) % _queue.Length;
            long start = Stopwatch.GetTimestamp();
            try
            {
                item.Travel();
            }
#pragma warning disable CA1031 // The thread that trains throws it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _error = e;
                _arrived.Set();
                return;
            }
            Volatile.Write(ref _busy, _busy + Stopwatch.GetTimestamp() - start);
            Volatile.Write(ref _allocated, GC.GetAllocatedBytesForCurrentThread());
            item.Arrived = true;
            _arrived.Set();
        }
    }
}
