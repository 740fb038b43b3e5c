using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Images with labels, batch after batch, in an order that is a function of the epoch alone.</summary>
/// <remarks>
/// Because the order of epoch e does not depend on what was read before, a training that stopped in the middle of an epoch goes on with
/// exactly the batches that were left.
/// </remarks>
public interface IBatchSource
{
    /// <summary>Shape of one image as the network gets it.</summary>
    Shape Shape { get; }

    /// <summary>Images of an epoch.</summary>
    int Count { get; }

    /// <summary>Images of a batch; the last batch of an epoch has what is left.</summary>
    int BatchSize { get; }

    /// <summary>Changes with the images, their order before shuffling, or their classes; null if the source cannot say. Checkpoints keep it.</summary>
    string? Fingerprint => null;

    /// <summary>Reads the batches of an epoch; the objects it gives may be the same ones, filled again, and belong to the source.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    /// <param name="firstBatch">Batches to leave out at the start.</param>
    /// <param name="cancellationToken">Ends the reading between two batches.</param>
    /// <exception cref="InvalidDataException">An image cannot be read or used; thrown by the enumeration, at its batch.</exception>
    IEnumerable<Batch> Read(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default);
}
