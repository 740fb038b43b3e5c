using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>What a <see cref="DataLoader"/> does.</summary>
public sealed record DataLoaderOptions
{
    /// <summary>Images in a batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Background threads that read, decode and augment.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Batches that may be prepared ahead of the one in use.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>Whether every epoch has a random order of its own; otherwise the dataset's order.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Whether an incomplete last batch of an epoch is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Random changes of the images; null: none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Whether a batch holds ten views of each image, one after the other (<see cref="Preprocessor.ApplyTenCrop"/>); excludes random changes.</summary>
    public bool TenCrop { get; init; }

    /// <summary>Decides order and random changes.</summary>
    public ulong Seed { get; init; }

    /// <summary>Epochs that will be read, where that is known: nothing is prepared beyond them.</summary>
    public int Epochs { get; init; } = int.MaxValue;

    /// <summary>The share of each batch that is read, where other processes read the rest; null for all.</summary>
    public BatchShare? Share { get; init; }

    /// <summary>Which batches of an epoch are read, where other processes read the others: those whose number leaves this remainder; null for all.</summary>
    public BatchTurn? Turn { get; init; }

    /// <summary>Images of a batch that are held in memory.</summary>
    internal int HeldImages => Math.Min(Share?.Count ?? BatchSize, BatchSize);

    /// <summary>Views of each image: 1 or 10.</summary>
    internal int Views => TenCrop ? Preprocessor.TenCropViews : 1;

    /// <summary>Bytes that the batches of such a loader hold, from its first batch until it is disposed of.</summary>
    /// <param name="preprocessing">From an image to the network's input.</param>
    /// <remarks>
    /// Each thread holds one decoded image besides (3 bytes a pixel, up to 48 MiB between two images), and what the decoder needs.
    /// </remarks>
    /// <exception cref="OverflowException">That is 2⁶³ bytes or more.</exception>
    public long BytesOf(Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        return ImagePipeline.BytesOf(HeldImages, (long)preprocessing.Length * Views, Prefetch);
    }

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">One is out of range, or two contradict each other.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Prefetch, 1);
        if (this is { TenCrop: true, Augmentation: not null })
            throw new ArgumentException("Ten crops are for evaluation; they exclude random changes.");
    }
}

/// <summary>Some neighboring images of each batch.</summary>
/// <param name="First">Position of the first.</param>
/// <param name="Count">How many, at least 1.</param>
public sealed record BatchShare(int First, int Count)
{
    /// <summary>The share of a process, when a batch is cut into parts of one size that its processes compute.</summary>
    /// <param name="rank">Number of the process, from 0.</param>
    /// <param name="processes">Number of processes, at most as many as parts.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="partSize">Images per part; the last one may be smaller.</param>
    public static BatchShare Of(int rank, int processes, int batchSize, int partSize)
    {
        int parts = (batchSize + partSize - 1) / partSize, first = StartOf(rank, parts, processes);
        return new BatchShare(first * partSize, (StartOf(rank + 1, parts, processes) - first) * partSize);
    }

    /// <summary>The first part of a process: all have the same number, or one more.</summary>
    internal static int StartOf(int rank, int parts, int processes) => (int)((long)rank * parts / processes);
}

/// <summary>Every so many batches one.</summary>
/// <param name="First">Number of the first batch.</param>
/// <param name="Every">Batches from one to the next.</param>
public sealed record BatchTurn(int First, int Every);
