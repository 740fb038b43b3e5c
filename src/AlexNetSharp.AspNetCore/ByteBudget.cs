namespace AlexNetSharp.AspNetCore;

/// <summary>A byte budget shared by concurrent users.</summary>
internal sealed class ByteBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>Bytes left.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Takes bytes if enough are left.</summary>
    public bool TryTake(long count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
            return true;
        Interlocked.Add(ref _left, count);
        return false;
    }

    /// <summary>Returns bytes to the budget.</summary>
    public void Return(long count) => Interlocked.Add(ref _left, count);
}
