namespace AlexNetSharp.Training;

/// <summary>Bytes that travel between this process and another.</summary>
/// <param name="Peer">Number of the other process.</param>
/// <param name="Sends">Whether this process sends them; otherwise it receives them.</param>
/// <param name="Address">Where they lie, or go; memory that does not move.</param>
/// <param name="Bytes">How many, at least 0.</param>
public readonly record struct Transfer(int Peer, bool Sends, nint Address, long Bytes);

/// <summary>Processes that train together, and how bytes travel between them.</summary>
/// <remarks>
/// Two threads of a process may transfer at the same time on different channels. A process that fails ends all: nobody waits for it forever.
/// </remarks>
public interface IProcessGroup
{
    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Count { get; }

    /// <summary>Moves bytes; returns when all that was to be sent has left its memory, and all that was to come is there.</summary>
    /// <param name="channel">
    /// 0 or 1: what the calling thread uses. Between two processes the k-th that one sends on a channel meets the k-th that the other
    /// receives on it, and both have the same length.
    /// </param>
    /// <param name="transfers">What travels, none of it to or from this process itself.</param>
    /// <exception cref="IOException">Another process is gone, or the transport failed.</exception>
    void Transfer(int channel, ReadOnlySpan<Transfer> transfers);

    /// <summary>Which process it is, for messages: host and number.</summary>
    /// <param name="rank">Its number.</param>
    string Describe(int rank) => FormattableString.Invariant($"rank {rank}");
}

/// <summary>One process alone.</summary>
public sealed class SingleProcess : IProcessGroup
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
