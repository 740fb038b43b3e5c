using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Mpi;

/// <summary>
/// Heartbeats: each process sends one to the next about twice a second, and watches the previous one. Processes on the same host also
/// notice when another has exited.
/// </summary>
internal sealed unsafe partial class PeerWatch : IDisposable
{
    private const int Tag = 0, Bytes = sizeof(long);
    private const long Alive = 1, Farewell = 2;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest time counted as silence between two checks: if all processes were stopped together, none of them was silent.</summary>
    private static readonly TimeSpan s_longestTick = TimeSpan.FromMilliseconds(500);

    /// <summary>Time for another process that noticed the same failure to report it, and for the launcher to end this one.</summary>
    private static readonly TimeSpan s_afterOther = TimeSpan.FromMilliseconds(300);

    /// <summary>Time for the launcher to end all processes of a host once the first one has aborted.</summary>
    private static readonly TimeSpan s_afterFirst = TimeSpan.FromSeconds(3);

    private readonly MpiProcessGroup _group;
    private readonly MpiLibrary _mpi;
    private readonly Gate _gate;
    private readonly PeerInfo[] _peers;
    private readonly Thread _thread;
    private readonly int _next, _previous;
    private readonly TimeSpan _patience;
    private readonly long* _values;      // sent, received
    private readonly nint* _requests;
    private readonly ManualResetEventSlim _stop = new();
    private bool _sending, _receiving, _saidFarewell, _heardFarewell;

    /// <summary>Starts watching.</summary>
    public PeerWatch(MpiProcessGroup group, MpiLibrary mpi, Gate gate, PeerInfo[] peers, TimeSpan silence)
    {
        (_group, _mpi, _gate, _peers) = (group, mpi, gate, peers);
        (_next, _previous, _patience) = ((group.Rank + 1) % group.Count, (group.Rank + group.Count - 1) % group.Count, silence);
        _values = (long*)NativeMemory.AllocZeroed(2 * sizeof(long));
        _requests = (nint*)NativeMemory.AllocZeroed(2 * (nuint)sizeof(nint));
        _thread = new Thread(Run) { IsBackground = true, Name = "AlexNetSharp signs of life" };
        _thread.Start();
    }

    /// <summary>Says farewell, waits for the farewell of the previous process, and ends the thread.</summary>
    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        NativeMemory.Free(_values);
        NativeMemory.Free(_requests);
    }

    private void Run()
    {
        try
        {
            TimeSpan silent = TimeSpan.Zero;
            long last = Stopwatch.GetTimestamp();
            for (int tick = 0; !(_saidFarewell && !_sending && _heardFarewell); tick++)
            {
                bool heard;
                using (_gate.Enter())
                    heard = Listen() | Speak(tick);
                long now = Stopwatch.GetTimestamp();
                TimeSpan passed = Stopwatch.GetElapsedTime(last, now);
                last = now;
                silent = heard || _heardFarewell ? TimeSpan.Zero : silent + (passed < s_longestTick ? passed : s_longestTick);
                if (silent > _patience)
                    Report(silent);
                if (!_stop.IsSet)
                    LookAround();
                if (_stop.IsSet)
                    Thread.Sleep(1);
                else
                    _stop.Wait(s_tick);
            }
        }
        catch (IOException e)
        {
            _group.Abort(e.Message);
        }
    }

    /// <summary>Reports the silent process with likely causes, and aborts all processes.</summary>
    private void Report(TimeSpan silent)
    {
        // If a cable is cut, several processes of a host lose their neighbors at once: the first one reports, and the launcher ends the others.
        if (_group.OnThisHost[0] != _group.Rank)
            Thread.Sleep(s_afterFirst);
        string reason = IsHere(_previous) ? "it was stopped or hangs" : "its host or the network to it is down, or it was stopped";
        _group.Abort(FormattableString.Invariant($"{_group.Describe(_previous)} has given no sign of life for {silent.TotalSeconds:0} s: {reason}"));
    }

    private bool Listen()
    {
        if (_heardFarewell)
            return false;
        if (!_receiving)
        {
            _requests[1] = 0;
            _group.Require(_mpi.Receive((nint)(_values + 1), Bytes, _previous, Tag, _requests + 1), _previous);
            _receiving = true;
        }
        _group.Require(_mpi.Test(_requests + 1, out bool done), _previous);
        if (!done)
            return false;
        _receiving = false;
        _heardFarewell = _values[1] == Farewell;
        return true;
    }

    private bool Speak(int tick)
    {
        if (_sending)
        {
            _group.Require(_mpi.Test(_requests, out bool done), _next);
            _sending = !done;
        }
        if (_sending || _saidFarewell || (tick % 5 != 0 && !_stop.IsSet))
            return false;
        _values[0] = _stop.IsSet ? Farewell : Alive;
        _saidFarewell = _stop.IsSet;
        _requests[0] = 0;
        _group.Require(_mpi.Send((nint)_values, Bytes, _next, Tag, _requests), _next);
        _sending = true;
        return false;
    }

    /// <summary>Checks whether a process on this host has exited: the launcher then gives the others little time.</summary>
    private void LookAround()
    {
        if (!OperatingSystem.IsLinux())
            return;
        for (int rank = 0; rank < _peers.Length; rank++)
            if (rank != _group.Rank && IsHere(rank) && !(rank == _previous && _heardFarewell) && !IsRunning(_peers[rank].ProcessId))
            {
                // One of them reports; the others only if that one is gone too.
                if (rank != _previous)
                    Thread.Sleep(s_afterOther);
                if (_stop.IsSet)
                    return;
                _group.Abort(FormattableString.Invariant($"{_group.Describe(rank)} has ended or was killed (process {_peers[rank].ProcessId})"));
            }
    }

    /// <summary>Whether a process is on this host and its process ID is valid here.</summary>
    private bool IsHere(int rank) => _peers[rank].Host == _group.Host && _peers[rank].Space == _peers[_group.Rank].Space;

    /// <summary>Checks with a signal instead of reading files, so that nothing is allocated during training.</summary>
    private static bool IsRunning(int process)
    {
        const int noSuchProcess = 3;
        return Signal(process, 0) == 0 || Marshal.GetLastPInvokeError() != noSuchProcess;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
