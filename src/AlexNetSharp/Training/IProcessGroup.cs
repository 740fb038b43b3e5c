namespace AlexNetSharp.Training;

/// <summary>A block of bytes to send to, or receive from, another process.</summary>
/// <param name="peer">Number of the other process.</param>
/// <param name="sends">Whether this process sends them; otherwise it receives them.</param>
/// <param name="address">Address of the bytes, in pinned memory.</param>
/// <param name="bytes">Number of bytes, at least 0.</param>
public readonly struct Transfer(int peer, bool sends, nint address, long bytes)
{
    /// <summary>Number of the other process.</summary>
    public int Peer { get; } = peer;

    /// <summary>Whether this process sends them; otherwise it receives them.</summary>
    public bool Sends { get; } = sends;

    /// <summary>Address of the bytes, in pinned memory.</summary>
    public nint Address { get; } = address;

    /// <summary>Number of bytes, at least 0.</summary>
    public long Bytes { get; } = bytes;
}

/// <summary>A group of processes that train together, and the transport between them.</summary>
/// <remarks>
/// Two threads of a process may transfer at the same time on different channels. If a process fails, all end: none waits forever.
/// </remarks>
public interface IProcessGroup
{
    /// <summary>A group of one process.</summary>
    static IProcessGroup Single { get; } = new SingleProcess();

    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Count { get; }

    /// <summary>Sends and receives bytes; returns when everything to send may be overwritten and everything to receive has arrived.</summary>
    /// <param name="channel">
    /// 0 or 1: what the calling thread uses. Between two processes the k-th that one sends on a channel meets the k-th that the other
    /// receives on it, and both have the same length.
    /// </param>
    /// <param name="transfers">The transfers, none of them to or from this process itself.</param>
    /// <exception cref="IOException">Another process is gone, or the transport failed.</exception>
    void Transfer(int channel, ReadOnlySpan<Transfer> transfers);

    /// <summary>Which process it is, for messages: host and number.</summary>
    /// <param name="rank">Its number.</param>
    string Describe(int rank) => FormattableString.Invariant($"rank {rank}");
}

/// <summary>One process alone.</summary>
internal sealed class SingleProcess : IProcessGroup
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Count => 1;

    /// <inheritdoc/>
    public void Transfer(int channel, ReadOnlySpan<Transfer> transfers)
    {
        if (!transfers.IsEmpty)
            throw new ArgumentException("there is no other process", nameof(transfers));
    }
}
