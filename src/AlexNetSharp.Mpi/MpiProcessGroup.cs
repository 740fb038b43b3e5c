using System.Diagnostics;
using System.Text;
using AlexNetSharp.Training;

namespace AlexNetSharp.Mpi;

/// <summary>A process group over the machine's MPI, for processes started by <c>mpirun</c>, <c>srun</c> or a batch system.</summary>
/// <remarks>
/// <para>
/// All communication uses nonblocking messages that the waiting thread polls until they complete: MPI libraries move bytes only while they are
/// being called. One thread at a time is inside MPI (MPI_THREAD_SERIALIZED), for the duration of a single call.
/// </para>
/// <para>
/// A background thread sends heartbeats around the ring of processes. If a process stops responding, exits, or keeps others waiting for minutes,
/// all processes are aborted with one line on standard error (<see cref="Abort"/>).
/// </para>
/// </remarks>
public sealed unsafe class MpiProcessGroup : IProcessGroup, IDisposable
{
    private const int Channels = 2;

    /// <summary>Longest message, in bytes; longer transfers are split.</summary>
    private const int MessageBytes = 16 << 20;

    private readonly MpiLibrary _mpi;
    private readonly Gate _gate = new();
    private readonly PendingMessages[] _pending = new PendingMessages[Channels];
    private readonly string[] _hosts;
    private readonly PeerWatch? _watch;
    private int _failed;
    private bool _disposed;

    private MpiProcessGroup(MpiLibrary mpi, MpiLauncher? launcher, TimeSpan silence)
    {
        _mpi = mpi;
        (Rank, Count) = (mpi.Rank(), mpi.Size());
        if (launcher is { Count: > 1 } && Count == 1)
            throw new MpiException(FormattableString.Invariant(
                $"{launcher.Name} started {launcher.Count} processes, but {mpi.Path} ({mpi.Version()}) sees only this one, so it is a different MPI; specify the library of {launcher.Name} with --mpi or {MpiLibrary.Variable}"));
        for (int i = 0; i < Channels; i++)
            _pending[i] = new PendingMessages();
        Host = Environment.MachineName;
        _hosts = new string[Count];
        _hosts.AsSpan().Fill(Host);
        PeerInfo[] peers = Exchange(new PeerInfo(Host, PeerInfo.OwnSpace(), Environment.ProcessId));
        for (int i = 0; i < Count; i++)
            _hosts[i] = peers[i].Host;
        OnThisHost = [.. Enumerable.Range(0, Count).Where(rank => _hosts[rank] == Host)];
        if (Count > 1)
            _watch = new PeerWatch(this, mpi, _gate, peers, silence);
    }

    /// <summary>Loads and initializes MPI; possible once per process.</summary>
    /// <param name="library">
    /// Path or name of the library; null for the value of the environment variable <c>ALEXNET_MPI</c>, or else the first one found.
    /// </param>
    /// <param name="silence">Time without a heartbeat after which a process counts as stalled; null for <see cref="DefaultSilence"/>.</param>
    /// <exception cref="MpiException">MPI is missing, does not match the launcher of the processes, or cannot be initialized.</exception>
    public static MpiProcessGroup Start(string? library = null, TimeSpan? silence = null)
    {
        MpiLauncher? launcher = MpiLauncher.Current;
        MpiLibrary mpi = MpiLibrary.Load(library, launcher);
        mpi.Initialize();
        return new MpiProcessGroup(mpi, launcher, silence ?? DefaultSilence);
    }

    /// <summary>
    /// Default time without a heartbeat after which a process counts as stalled: 10 seconds, or twenty heartbeats. Heartbeats have a thread of their
    /// own, so steps may take arbitrarily long; only a heavily overloaded machine delays them.
    /// </summary>
    public static TimeSpan DefaultSilence { get; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Host name of this process.</summary>
    public string Host { get; }

    /// <summary>Ranks of the processes on this host, including this one.</summary>
    public IReadOnlyList<int> OnThisHost { get; }

    /// <summary>Name and version that the MPI library reports.</summary>
    public string Library => _mpi.Version();

    /// <summary>Total bytes sent by this process, excluding heartbeats.</summary>
    public long BytesSent { get; private set; }

    /// <summary>
    /// The longest time that a gradient transfer waits for a process that is alive but does not reach the same step. Grows to ten times the
    /// longest wait so far, if that is more.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public string Describe(int rank) => FormattableString.Invariant($"host {_hosts[rank]} rank {rank}");

    /// <inheritdoc/>
    public void Transfer(int channel, ReadOnlySpan<Transfer> transfers)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        PendingMessages pending = _pending[channel];
        pending.Clear();
        // Receives first: a message that arrives before its receive is posted has to be copied.
        Post(pending, channel, transfers, sends: false);
        Post(pending, channel, transfers, sends: true);
        var pause = new Pause();
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            bool progress;
            using (_gate.Enter())
                progress = pending.Test(_mpi, this);
            if (pending.Left == 0)
                break;
            pause.Wait(progress);
            if (channel == 1 && !progress && Stopwatch.GetElapsedTime(start) is var waited && waited > Patience)
                Abort(FormattableString.Invariant($"{Describe(pending.FirstPeer)} is alive but has not reached the same step for {waited.TotalSeconds:0} s"));
        }
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        if (channel == 1 && took * 10 > Patience)
            Patience = took * 10;
    }

    /// <summary>Aborts all processes of the group with a line on standard error and exit code 1. Does not return.</summary>
    /// <param name="reason">Which process and why, in one line.</param>
    public void Abort(string reason)
    {
        // Several threads may get here; only one reports.
        if (Interlocked.Exchange(ref _failed, 1) != 0)
            Thread.Sleep(Timeout.Infinite);
        Console.Error.WriteLine($"{reason}; all processes end");
        Console.Error.Flush();
        End(1);
    }

    /// <summary>Aborts all processes of the group, without a message.</summary>
    /// <param name="exitCode">The exit code of this process.</param>
    public void End(int exitCode)
    {
        Interlocked.Exchange(ref _failed, 1);
        // Not under the lock: another thread may be inside MPI, waiting for a message that will never come.
        _mpi.Abort(exitCode);
        Environment.Exit(exitCode);
    }

    /// <summary>Waits for all processes and finalizes MPI.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        AllWait();
        _disposed = true;
        _watch?.Dispose();
        foreach (PendingMessages pending in _pending)
            pending.Dispose();
        _mpi.End();
    }

    private void Post(PendingMessages pending, int channel, ReadOnlySpan<Transfer> transfers, bool sends)
    {
        foreach (Transfer transfer in transfers)
            if (transfer.Sends == sends)
                for (long done = 0; done < transfer.Bytes; done += MessageBytes)
                {
                    int bytes = (int)Math.Min(MessageBytes, transfer.Bytes - done);
                    nint* request = pending.Add(transfer.Peer);
                    int code;
                    // Tag 0 is reserved for heartbeats.
                    using (_gate.Enter())
                        code = sends ? _mpi.Send(transfer.Address + (nint)done, bytes, transfer.Peer, channel + 1, request)
                            : _mpi.Receive(transfer.Address + (nint)done, bytes, transfer.Peer, channel + 1, request);
                    Require(code, transfer.Peer);
                    if (sends)
                        BytesSent += bytes;
                }
    }

    /// <summary>Throws if a call that involves another process failed.</summary>
    internal void Require(int code, int peer)
    {
        if (code != 0)
            throw new IOException($"{Describe(peer)} cannot be reached: {_mpi.Describe(code)}");
    }

    private PeerInfo[] Exchange(PeerInfo own)
    {
        var mine = new byte[PeerInfo.Bytes];
        own.Write(mine);
        var all = new byte[mine.Length * Count];
        Gather(mine, all);
        return [.. Enumerable.Range(0, Count).Select(rank => PeerInfo.Read(all.AsSpan(rank * mine.Length, mine.Length)))];
    }

    private void AllWait() => Gather(new byte[1], new byte[Count]);

    private void Gather(byte[] own, byte[] all)
    {
        fixed (byte* from = own)
        fixed (byte* to = all)
        {
            own.CopyTo(all, Rank * own.Length);
            var transfers = new List<Transfer>();
            for (int peer = 0; peer < Count; peer++)
                if (peer != Rank)
                {
                    transfers.Add(new Transfer(peer, false, (nint)(to + peer * own.Length), own.Length));
                    transfers.Add(new Transfer(peer, true, (nint)from, own.Length));
                }
            Transfer(0, [.. transfers]);
        }
    }
}
