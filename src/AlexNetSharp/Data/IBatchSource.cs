using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>A source of batches of labeled images, in an order that depends only on the epoch.</summary>
/// <remarks>
/// Because the order of an epoch does not depend on what was read before, a training that stopped in the middle of an epoch continues with
/// exactly the remaining batches.
/// </remarks>
public interface IBatchSource
{
    /// <summary>Shape of one image as the network gets it.</summary>
    Shape Shape { get; }

    /// <summary>Images per epoch.</summary>
    int Count { get; }

    /// <summary>Images per batch; the last batch of an epoch may have fewer.</summary>
    int BatchSize { get; }

    /// <summary>Changes with the images, their order before shuffling, or their classes; null if the source cannot say. Checkpoints keep it.</summary>
    string? Fingerprint => null;

    /// <summary>Reads the batches of an epoch; the returned objects may be reused and belong to the source.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    /// <param name="firstBatch">Batches to skip at the start.</param>
    /// <param name="cancellationToken">Ends the enumeration between two batches.</param>
    /// <exception cref="InvalidDataException">An image cannot be read or used; thrown by the enumeration, at its batch.</exception>
    IEnumerable<Batch> Read(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default);
}
