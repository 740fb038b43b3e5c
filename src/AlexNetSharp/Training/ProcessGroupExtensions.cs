using System.Buffers;
using System.Runtime.CompilerServices;

namespace AlexNetSharp.Training;

/// <summary>Collective operations of a process group, on channel 0 and the training thread.</summary>
public static unsafe partial class ProcessGroupExtensions
{
    /// <summary>Sends the bytes of process 0 to all processes.</summary>
    public static void Broadcast(this IProcessGroup group, Span<byte> bytes)
    {
        fixed (byte* address = bytes)
        {
            Span<Transfer> transfers = group.Rank == 0 ? new Transfer[group.Count - 1] : new Transfer[1];
            for (int i = 0; i < transfers.Length; i++)
                transfers[i] = group.Rank == 0 ? new Transfer(i + 1, true, (nint)address, bytes.Length) : new Transfer(0, false, (nint)address, bytes.Length);
            group.Transfer(0, transfers);
        }
    }

    /// <summary>Sends the message of process 0 to all processes.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="message">The message; ignored in other processes.</param>
    public static byte[] BroadcastMessage(this IProcessGroup group, byte[]? message)
    {
        long length = message?.LongLength ?? 0;
        group.Broadcast(new Span<byte>(&length, sizeof(long)));
        byte[] bytes = group.Rank == 0 ? message! : new byte[length];
        group.Broadcast(bytes);
        return bytes;
    }

    /// <summary>Sends the values of each process to all processes; all have the same length.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="own">What this process has.</param>
    /// <param name="all">Receives what process r has at r · length.</param>
    public static void AllGather<T>(this IProcessGroup group, ReadOnlySpan<T> own, Span<T> all)
        where T : unmanaged
    {
        int n = group.Count;
        own.CopyTo(all.Slice(group.Rank * own.Length, own.Length));
        if (n == 1)
            return;
        long bytes = (long)own.Length * sizeof(T);
        Transfer[] transfers = ArrayPool<Transfer>.Shared.Rent(2 * (n - 1));
        fixed (T* from = own)
        fixed (T* to = all)
        {
            int count = 0;
            for (int shift = 1; shift < n; shift++)
            {
                int next = (group.Rank + shift) % n, previous = (group.Rank + n - shift) % n;
                transfers[count++] = new Transfer(previous, false, (nint)(to + (long)previous * own.Length), bytes);
                transfers[count++] = new Transfer(next, true, (nint)from, bytes);
            }
            group.Transfer(0, transfers.AsSpan(0, count));
        }
        ArrayPool<Transfer>.Shared.Return(transfers);
    }

    /// <summary>Sends the message of each process to all processes; messages may differ in length.</summary>
    public static byte[][] AllGatherMessages(this IProcessGroup group, byte[] own)
    {
        var lengths = new long[group.Count];
        group.AllGather([own.LongLength], lengths);
        int most = checked((int)lengths.Max());
        var padded = new byte[most];
        own.CopyTo(padded, 0);
        var all = new byte[checked(most * group.Count)];
        group.AllGather<byte>(padded, all);
        return [.. lengths.Select((length, rank) => all.AsSpan(rank * most, (int)length).ToArray())];
    }

    /// <summary>Returns when all processes have called it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Barrier(this IProcessGroup group) => group.AllGather([0L], stackalloc long[group.Count]);
}
