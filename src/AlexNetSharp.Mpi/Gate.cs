namespace AlexNetSharp.Mpi;

/// <summary>Lets one thread at a time into MPI, for the duration of a single call.</summary>
/// <remarks>A .NET lock allocates on the first contention, which would be in the middle of training.</remarks>
internal sealed class Gate
{
    private int _closed;

    /// <summary>Waits until no thread is inside, then enters.</summary>
    public Inside Enter()
    {
        var pause = new Pause();
        while (Interlocked.Exchange(ref _closed, 1) != 0)
            pause.Wait(progress: false);
        return new Inside(this);
    }

    /// <summary>Exclusive access until disposed.</summary>
    public readonly ref struct Inside(Gate gate)
    {
        /// <summary>Leaves the gate.</summary>
        public void Dispose() => Volatile.Write(ref gate._closed, 0);
    }
}
