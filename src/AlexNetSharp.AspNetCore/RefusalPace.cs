namespace AlexNetSharp.AspNetCore;

/// <summary>Delays the answers to refused requests when there are many, so that a client that sends one bad image after another cannot send them at its own pace.</summary>
/// <remarks>A leaky bucket: a second's worth is answered at once, the others in turn, but none later than <see cref="Longest"/>. A refusal costs the
/// service the upload and the reading of a header; a connection that waits costs it nothing but the connection.</remarks>
/// <param name="perSecond">Refusals per second; 0 to delay none.</param>
/// <param name="clock">Measures time.</param>
internal sealed class RefusalPace(int perSecond, TimeProvider clock)
{
    /// <summary>The longest delay.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _next = -Longest;

    /// <summary>Takes the next turn and returns the time until then.</summary>
    public TimeSpan Next()
    {
        if (perSecond == 0)
            return TimeSpan.Zero;
        lock (_gate)
        {
            TimeSpan now = clock.GetElapsedTime(_start), earliest = now - Longest, latest = now + Longest;
            _next = (_next < earliest ? earliest : _next) + TimeSpan.FromSeconds(1.0 / perSecond);
            if (_next > latest)
                _next = latest;
            return _next > now ? _next - now : TimeSpan.Zero;
        }
    }
}
