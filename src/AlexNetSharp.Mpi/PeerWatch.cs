using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Mpi;

/// <summary>
/// Signs of life: each process sends one to the next about twice a second, and watches the one before it; processes of the same host also
/// see when another has ended.
/// </summary>
internal sealed unsafe partial class PeerWatch : IDisposable
{
    private const int Tag = 0, Bytes = sizeof(long);
    private const long Alive = 1, Farewell = 2;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    /// <summary>The most that counts as silence between two looks: where this process was stopped itself, together with all others, nobody was silent.</summary>
    private static readonly TimeSpan s_longestTick = TimeSpan.FromMilliseconds(500);

    /// <summary>Time in which another process that has seen the same has spoken, and the launcher has ended this one.</summary>
    private static readonly TimeSpan s_afterOther = TimeSpan.FromMilliseconds(300);

    /// <summary>Time in which the launcher has ended all processes of a host whose first one asked for it.</summary>
    private static readonly TimeSpan s_afterFirst = TimeSpan.FromSeconds(3);

    private readonly MpiProcessGroup _group;
    private readonly MpiLibrary _mpi;
    private readonly Gate _gate;
    private readonly PeerInfo[] _peers;
    private readonly Thread _thread;
    private readonly int _next, _previous;
    private readonly TimeSpan _patience;
    private readonly long* _values;      // what is sent, what is received
    private readonly nint* _requests;
    private readonly ManualResetEventSlim _stop = new();
    private bool _sending, _receiving, _saidFarewell, _heardFarewell;

    /// <summary>Begins to watch.</summary>
    public PeerWatch(MpiProcessGroup group, MpiLibrary mpi, Gate gate, PeerInfo[] peers, TimeSpan silence)
    {
        (_group, _mpi, _gate, _peers) = (group, mpi, gate, peers);
        (_next, _previous, _patience) = ((group.Rank + 1) % group.Count, (group.Rank + group.Count - 1) % group.Count, silence);
        _values = (long*)NativeMemory.AllocZeroed(2 * sizeof(long));
        _requests = (nint*)NativeMemory.AllocZeroed(2 * (nuint)sizeof(nint));
        _thread = new Thread(Run) { IsBackground = true, Name = "AlexNetSharp signs of life" };
        _thread.Start();
    }

    /// <summary>Says farewell, waits for that of the process before, and ends the thread.</summary>
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

    /// <summary>Says who is silent and what that can be, and ends all.</summary>
    private void Report(TimeSpan silent)
    {
        // Where a cable is cut, several processes of a host miss their neighbors at once: the first one speaks, and the launcher ends the others.
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

    /// <summary>Whether a process of this host has ended: the launcher gives the others little time then.</summary>
    private void LookAround()
    {
        if (!OperatingSystem.IsLinux())
            return;
        for (int rank = 0; rank < _peers.Length; rank++)
            if (rank != _group.Rank && IsHere(rank) && !(rank == _previous && _heardFarewell) && !IsRunning(_peers[rank].ProcessId))
            {
                // One of them speaks; the others only if that one is gone too.
                if (rank != _previous)
                    Thread.Sleep(s_afterOther);
                if (_stop.IsSet)
                    return;
                _group.Abort(FormattableString.Invariant($"{_group.Describe(rank)} has ended or was killed (process {_peers[rank].ProcessId})"));
            }
    }

    /// <summary>Whether a process is one of this host whose number means something here.</summary>
    private bool IsHere(int rank) => _peers[rank].Host == _group.Host && _peers[rank].Space == _peers[_group.Rank].Space;

    /// <summary>Asks the system without reading anything, so that nothing is allocated while a training runs.</summary>
    private static bool IsRunning(int process)
    {
        const int noSuchProcess = 3;
        return Signal(process, 0) == 0 || Marshal.GetLastPInvokeError() != noSuchProcess;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
