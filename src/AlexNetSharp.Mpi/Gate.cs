namespace AlexNetSharp.Mpi;

/// <summary>Lets one thread at a time into MPI, for as long as one question takes.</summary>
/// <remarks>A lock of .NET would allocate what threads wait on when one has to wait for the first time, in the middle of a training.</remarks>
internal sealed class Gate
{
    private int _closed;

    /// <summary>Waits until nobody is inside, and goes in.</summary>
    public Inside Enter()
    {
        var pause = new Pause();
        while (Interlocked.Exchange(ref _closed, 1) != 0)
            pause.Wait(progress: false);
        return new Inside(this);
    }

    /// <summary>A stay inside.</summary>
    public readonly ref struct Inside(Gate gate)
    {
        /// <summary>Goes out.</summary>
        public void Dispose() => Volatile.Write(ref gate._closed, 0);
    }
}
