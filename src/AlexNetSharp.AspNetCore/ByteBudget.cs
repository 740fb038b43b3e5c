namespace AlexNetSharp.AspNetCore;

/// <summary>Bytes that may be taken by many at the same time, and no more.</summary>
internal sealed class ByteBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>Bytes that are left.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Takes bytes if they are there.</summary>
    public bool TryTake(long count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
            return true;
        Interlocked.Add(ref _left, count);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long count) => Interlocked.Add(ref _left, count);
}
