using System.Diagnostics;
using System.Text;
using AlexNetSharp.Training;

namespace AlexNetSharp.Mpi;

/// <summary>The processes that <c>mpirun</c>, <c>srun</c> or a batch system started together, over the machine's MPI.</summary>
/// <remarks>
/// <para>
/// Everything is made of non-blocking messages that are asked for until they are done, by whoever waits for them: MPI libraries move bytes
/// while they are called, not in between. One thread at a time is inside MPI (MPI_THREAD_SERIALIZED), for as long as one question takes.
/// </para>
/// <para>
/// A thread of the group sends signs of life round the processes. One that stays silent, has ended, or lets others wait for minutes, ends
/// all of them with one line on standard error (<see cref="Abort"/>).
/// </para>
/// </remarks>
public sealed unsafe class MpiProcessGroup : IProcessGroup, IDisposable
{
    private const int Channels = 2;

    /// <summary>Longest message; what is longer travels as several.</summary>
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
                $"{launcher.Name} started {launcher.Count} processes, but {mpi.Path} ({mpi.Version()}) knows only of this one: it is another MPI; name the library of {launcher.Name} with --mpi or {MpiLibrary.Variable}"));
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

    /// <summary>Loads MPI and starts it, once in a process.</summary>
    /// <param name="library">
    /// The library's file or name; null for what the environment variable <c>ALEXNET_MPI</c> says, or else the first that the system finds.
    /// </param>
    /// <param name="silence">Time without a sign of life after which a process counts as stalled; null for <see cref="DefaultSilence"/>.</param>
    /// <exception cref="MpiException">There is no MPI, it is another than the one that started the processes, or it cannot start.</exception>
    public static MpiProcessGroup Start(string? library = null, TimeSpan? silence = null)
    {
        MpiLauncher? launcher = MpiLauncher.Current;
        MpiLibrary mpi = MpiLibrary.Load(library, launcher);
        mpi.Initialize();
        return new MpiProcessGroup(mpi, launcher, silence ?? DefaultSilence);
    }

    /// <summary>
    /// Time without a sign of life after which a process counts as stalled: 10 seconds, twenty signs. They come from a thread of their own, so steps
    /// may take as long as they will; what delays them is a machine with far more to do than it has CPUs.
    /// </summary>
    public static TimeSpan DefaultSilence { get; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Name of this host.</summary>
    public string Host { get; }

    /// <summary>The numbers of the processes on this host, this one included.</summary>
    public IReadOnlyList<int> OnThisHost { get; }

    /// <summary>Which MPI it is, as the library says itself.</summary>
    public string Library => _mpi.Version();

    /// <summary>Bytes that this process has sent in all, without signs of life.</summary>
    public long BytesSent { get; private set; }

    /// <summary>
    /// The longest time that a transfer on the channel of gradients waits for a process that lives but does not get there; it becomes ten times
    /// the longest wait so far where that is more.
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
        // Receives first: what arrives before it is expected has to be copied.
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
                Abort(FormattableString.Invariant($"{Describe(pending.FirstPeer)} is alive but has not got to the same step for {waited.TotalSeconds:0} s"));
        }
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        if (channel == 1 && took * 10 > Patience)
            Patience = took * 10;
    }

    /// <summary>Ends all processes of the group with a line on standard error and exit code 1. Does not return.</summary>
    /// <param name="reason">Which process and why, in one line.</param>
    public void Abort(string reason)
    {
        // Several threads may come here; one speaks.
        if (Interlocked.Exchange(ref _failed, 1) != 0)
            Thread.Sleep(Timeout.Infinite);
        Console.Error.WriteLine($"{reason}; all processes end");
        Console.Error.Flush();
        End(1);
    }

    /// <summary>Ends all processes of the group; what there is to say was said.</summary>
    /// <param name="exitCode">The exit code of this process.</param>
    public void End(int exitCode)
    {
        Interlocked.Exchange(ref _failed, 1);
        // Not under the lock: another thread may be inside MPI, waiting for what will not come.
        _mpi.Abort(exitCode);
        Environment.Exit(exitCode);
    }

    /// <summary>Waits for all processes and ends MPI.</summary>
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
                    // Tag 0 is that of signs of life.
                    using (_gate.Enter())
                        code = sends ? _mpi.Send(transfer.Address + (nint)done, bytes, transfer.Peer, channel + 1, request)
                            : _mpi.Receive(transfer.Address + (nint)done, bytes, transfer.Peer, channel + 1, request);
                    Require(code, transfer.Peer);
                    if (sends)
                        BytesSent += bytes;
                }
    }

    /// <summary>Throws where a call about another process failed.</summary>
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
