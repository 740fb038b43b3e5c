using System.Globalization;
using AlexNetSharp.Data;

namespace AlexNetSharp.Inference;

/// <summary>Lets images into the decoder as memory and processors allow it.</summary>
/// <remarks>
/// Two lanes, each first come, first served. The fast lane has a quarter of the memory, split so that all its places can be taken at once; an
/// image that needs more than such a part, or much time, goes into the slow lane, which has the rest of the memory and half the processors.
/// So ordinary images never wait for enormous ones, and whoever decodes those is asked to give way to other threads
/// (<see cref="Pass.IsSlow"/>). Pixels, and files whose header nobody has read yet, have a lane of their own, in which only processors are counted:
/// more of them at once would take no less time, but more memory.
/// </remarks>
internal sealed class DecodingGate
{
    /// <summary>Pixels × scans of the fast lane: some 0.1 s of a processor at most.</summary>
    internal const long FastWork = 1 << 24;

    private const long FastBytes = 16 << 20;

    private readonly Lane _fast, _slow, _uncounted;
    private readonly long _fastBytes;

    /// <summary>A gate.</summary>
    /// <param name="bytes">Memory for all that is decoded at the same time.</param>
    /// <param name="processors">Processors that decode.</param>
    public DecodingGate(long bytes, int processors)
    {
        long quarter = bytes / 4;
        int places = (int)Math.Clamp(quarter / FastBytes, 1, processors);
        _fastBytes = quarter / places;
        _fast = new Lane(places, quarter, isSlow: false);
        _slow = new Lane(Math.Max(1, processors / 2), bytes - quarter, isSlow: true);
        _uncounted = new Lane(processors, 0, isSlow: false);
    }

    /// <summary>Memory unless it is set: a quarter of what the process may use, at most 256 MiB and 32 MiB for each processor.</summary>
    public static long UsualBytes =>
        Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, (256L + 32 * Environment.ProcessorCount) << 20);

    /// <summary>Images that wait.</summary>
    public int Waiting => _fast.Waiting + _slow.Waiting + _uncounted.Waiting;

    /// <summary>Waits until there is room for an image; the pass is returned after decoding.</summary>
    /// <exception cref="ImageTooLargeException">There will never be.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public ValueTask<Pass> EnterAsync(DecodingCost cost, string name, CancellationToken cancellation)
    {
        if (cost.PixelScans <= FastWork && cost.Bytes <= _fastBytes)
            return _fast.EnterAsync(cost.Bytes, cancellation);
        if (cost.Bytes > _slow.Bytes)
            throw new ImageTooLargeException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: too large (decoding needs {cost.Bytes / 1e6:0} MB of memory; the limit is {_slow.Bytes / 1e6:0} MB)."));
        return _slow.EnterAsync(cost.Bytes, cancellation);
    }

    /// <summary>Waits for a processor, for an image whose cost is not known; the pass is returned after it was read.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public ValueTask<Pass> EnterAsync(CancellationToken cancellation) => _uncounted.EnterAsync(0, cancellation);

    /// <summary>Blocks until the wait is over.</summary>
    public static Pass Wait(ValueTask<Pass> entering) =>
        entering.IsCompletedSuccessfully ? entering.Result : entering.AsTask().GetAwaiter().GetResult();

    /// <summary>The right to decode one image.</summary>
    internal readonly struct Pass(Lane lane, long bytes) : IDisposable
    {
        /// <summary>Whether the image takes much time or memory.</summary>
        public bool IsSlow => lane is { IsSlow: true };

        /// <summary>Ends it.</summary>
        public void Dispose() => lane?.Leave(bytes);
    }

    /// <summary>Places and memory.</summary>
    internal sealed class Lane(int places, long bytes, bool isSlow)
    {
        private readonly LinkedList<Ticket> _queue = new();
        private readonly Lock _gate = new();
        private int _places = places;
        private long _free = bytes;

        /// <summary>Memory of the lane.</summary>
        public long Bytes { get; } = bytes;

        /// <summary>Whether it is the lane of enormous images.</summary>
        public bool IsSlow { get; } = isSlow;

        /// <summary>Images that wait.</summary>
        public int Waiting
        {
            get
            {
                lock (_gate)
                    return _queue.Count;
            }
        }

        /// <summary>Waits for a place and memory.</summary>
        public ValueTask<Pass> EnterAsync(long needed, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            Ticket ticket;
            lock (_gate)
            {
                if (_queue.Count == 0 && TryTake(needed))
                    return new ValueTask<Pass>(new Pass(this, needed));
                ticket = new Ticket(needed);
                _queue.AddLast(ticket.Node);
            }
            ticket.Registration = cancellation.UnsafeRegister(static state =>
            {
                var (lane, ticket, token) = ((Lane, Ticket, CancellationToken))state!;
                lane.Forget(ticket, token);
            }, (this, ticket, cancellation));
            // It may have been let in before it was registered.
            if (ticket.Source.Task.IsCompleted)
                ticket.Registration.Dispose();
            return new ValueTask<Pass>(ticket.Source.Task);
        }

        /// <summary>Gives a place and memory back, and lets in who is first now.</summary>
        public void Leave(long freed)
        {
            lock (_gate)
            {
                _places++;
                _free += freed;
                LetIn();
            }
        }

        private void Forget(Ticket ticket, CancellationToken cancellation)
        {
            lock (_gate)
            {
                if (ticket.Node.List is null)
                    return;
                _queue.Remove(ticket.Node);
                ticket.Source.TrySetCanceled(cancellation);
                // Whoever stood behind it may need less.
                LetIn();
            }
        }

        private void LetIn()
        {
            while (_queue.First is { Value: var next } && TryTake(next.Bytes))
            {
                _queue.RemoveFirst();
                next.Registration.Unregister();
                next.Source.TrySetResult(new Pass(this, next.Bytes));
            }
        }

        private bool TryTake(long needed)
        {
            if (_places == 0 || needed > _free)
                return false;
            _places--;
            _free -= needed;
            return true;
        }
    }

    /// <summary>An image that waits.</summary>
    internal sealed class Ticket
    {
        /// <summary>One that needs so much memory.</summary>
        public Ticket(long bytes)
        {
            Bytes = bytes;
            Node = new LinkedListNode<Ticket>(this);
        }

        /// <summary>Memory that it needs.</summary>
        public long Bytes { get; }

        /// <summary>Its place in the queue.</summary>
        public LinkedListNode<Ticket> Node { get; }

        /// <summary>Ends the wait.</summary>
        public TaskCompletionSource<Pass> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends the wait when the call is canceled.</summary>
        public CancellationTokenRegistration Registration { get; set; }
    }
}
