namespace AlexNetSharp.Threading;

/// <summary>Lets one thread sleep until another wakes it, at no cost for the other if none sleeps.</summary>
/// <remarks>
/// The thread announces that it will sleep, looks once more whether it must, and then withdraws or sleeps. As announcing and waking are
/// full fences, either that last look sees what happened or the one who made it happen sees the announcement.
/// </remarks>
internal sealed class Sleeper : IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);
    private int _announced;

    /// <summary>Says that the thread is about to sleep. Must be followed by <see cref="Withdraw"/> or <see cref="Sleep"/>.</summary>
    public void Announce() => Interlocked.Exchange(ref _announced, 1);

    /// <summary>Takes the announcement back; a wake-up that was already sent is consumed.</summary>
    public void Withdraw()
    {
        if (Interlocked.Exchange(ref _announced, 0) == 0)
            _signal.Wait();
    }

    /// <summary>Sleeps until <see cref="Wake"/>, which may have come already.</summary>
    public void Sleep() => _signal.Wait();

    /// <summary>Wakes the thread if it has announced to sleep.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _announced, 0) == 1)
            _signal.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _signal.Dispose();
}
