using System.Collections.Concurrent;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Mpi;

/// <summary>"Processes" that are threads of this one: what a group has to do, without MPI.</summary>
internal sealed unsafe class LocalProcesses : IProcessGroup
{
    private readonly ConcurrentDictionary<(int From, int To, int Channel), BlockingCollection<byte[]>> _mail;
    private long _sent;

    private LocalProcesses(int rank, int count, ConcurrentDictionary<(int From, int To, int Channel), BlockingCollection<byte[]>> mail) =>
        (Rank, Count, _mail) = (rank, count, mail);

    public int Rank { get; }

    public int Count { get; }

    /// <summary>Bytes that this one has sent on the channel of gradients.</summary>
    public long Sent => _sent;

    /// <summary>Runs something in several "processes" and returns what each gives.</summary>
    public static T[] Run<T>(int count, Func<LocalProcesses, T> run)
    {
        var mail = new ConcurrentDictionary<(int From, int To, int Channel), BlockingCollection<byte[]>>();
        var results = new T[count];
        var errors = new ConcurrentQueue<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = run(new LocalProcesses(rank, count, mail));
            }
#pragma warning disable CA1031 // Thrown below.
            catch (Exception e)
#pragma warning restore CA1031
            {
                errors.Enqueue(e);
            }
        }) { IsBackground = true })];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            while (!thread.Join(50) && errors.IsEmpty)
            {
            }
        Assert.Empty(errors);
        return results;
    }

    public void Transfer(int channel, ReadOnlySpan<Transfer> transfers)
    {
        foreach (Transfer transfer in transfers)
            if (transfer.Sends)
            {
                Box(Rank, transfer.Peer, channel).Add(new ReadOnlySpan<byte>((void*)transfer.Address, (int)transfer.Bytes).ToArray());
                _sent += channel == 1 ? transfer.Bytes : 0;
            }
        foreach (Transfer transfer in transfers)
            if (!transfer.Sends)
            {
                Assert.True(Box(transfer.Peer, Rank, channel).TryTake(out byte[]? bytes, 60_000), "nothing came for a minute");
                Assert.Equal(transfer.Bytes, bytes.Length);
                bytes.CopyTo(new Span<byte>((void*)transfer.Address, bytes.Length));
            }
    }

    private BlockingCollection<byte[]> Box(int from, int to, int channel) => _mail.GetOrAdd((from, to, channel), _ => []);
}
