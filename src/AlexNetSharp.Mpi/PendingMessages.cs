using System.Runtime.InteropServices;

namespace AlexNetSharp.Mpi;

/// <summary>Messages in flight. Their memory grows on demand and is reused, so that a step allocates nothing.</summary>
internal sealed unsafe class PendingMessages : IDisposable
{
    private nint* _requests;
    private int[] _peers = [];
    private int _count;

    /// <summary>Number of messages that have not completed.</summary>
    public int Left { get; private set; }

    /// <summary>Peer of the first message that has not completed.</summary>
    public int FirstPeer => _peers[0];

    /// <summary>Removes all messages.</summary>
    public void Clear() => _count = Left = 0;

    /// <summary>Adds a message.</summary>
    /// <param name="peer">The other process.</param>
    /// <returns>Address for the message's request; valid until the next call.</returns>
    public nint* Add(int peer)
    {
        if (_count == _peers.Length)
        {
            Array.Resize(ref _peers, Math.Max(16, 2 * _count));
            _requests = (nint*)NativeMemory.Realloc(_requests, (nuint)_peers.Length * (nuint)sizeof(nint));
        }
        _peers[_count] = peer;
        _requests[_count] = 0;
        Left++;
        return _requests + _count++;
    }

    /// <summary>Tests each pending message, and removes those that have completed.</summary>
    /// <returns>Whether any message completed.</returns>
    public bool Test(MpiLibrary mpi, MpiProcessGroup group)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            group.Require(mpi.Test(_requests + i, out bool done), _peers[i]);
            if (done)
                continue;
            (_requests[kept], _peers[kept]) = (_requests[i], _peers[i]);
            kept++;
        }
        bool progress = kept < _count;
        _count = Left = kept;
        return progress;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        NativeMemory.Free(_requests);
        _requests = null;
    }
}

/// <summary>Waits between two polls: briefly at first, then long enough to leave the CPU to compute threads.</summary>
internal struct Pause
{
    private int _times;

    /// <summary>Waits.</summary>
    /// <param name="progress">Whether a message has completed since the last call.</param>
    public void Wait(bool progress)
    {
        _times = progress ? 0 : _times + 1;
        if (_times < 20)
            Thread.SpinWait(20);
        else if (_times < 100 || OperatingSystem.IsWindows())
            Thread.Sleep(0);
        else
            SleepMicroseconds(_times < 1000 ? 50u : 200u);
    }

    private static void SleepMicroseconds(uint time) => _ = NativeSleep.Microseconds(time);
}

/// <summary>Sleeps for less than a millisecond.</summary>
internal static partial class NativeSleep
{
    [LibraryImport("libc", EntryPoint = "usleep")]
    internal static partial int Microseconds(uint microseconds);
}
