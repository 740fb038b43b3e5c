using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>Options of a <see cref="DataLoader"/>.</summary>
public sealed class DataLoaderOptions
{
    /// <summary>Images per batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Background threads that read, decode and augment.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Number of batches to prepare ahead of the one in use.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>Whether each epoch is shuffled; otherwise images come in the dataset's order.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Whether to skip an incomplete last batch of an epoch.</summary>
    internal bool DropLast { get; init; }

    /// <summary>Random augmentation of the images; null for none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Whether a batch holds ten crops of each image, one after the other (<see cref="Preprocessor.ApplyTenCrop"/>); excludes augmentation.</summary>
    public bool TenCrop { get; init; }

    /// <summary>Seed of shuffling and augmentation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Number of epochs that will be read, if known: nothing is prepared beyond them.</summary>
    public int Epochs { get; init; } = int.MaxValue;

    /// <summary>What is read, where other processes read the rest; null for everything.</summary>
    public BatchShare? Share { get; init; }

    /// <summary>Images of a batch that are read: all, or the <see cref="Share"/>.</summary>
    public int ImagesPerBatch => Math.Min(Share?.Count ?? BatchSize, BatchSize);

    /// <summary>Views of each image: 1 or 10.</summary>
    internal int Views => TenCrop ? Preprocessor.TenCropViews : 1;

    /// <summary>Bytes that the batches of such a loader hold, from its first batch until it is disposed.</summary>
    /// <param name="preprocessing">How images become inputs of the network.</param>
    /// <remarks>
    /// In addition, each thread holds one decoded image (3 bytes per pixel, up to 48 MiB between two images) and what the decoder needs.
    /// </remarks>
    /// <exception cref="OverflowException">The result would be 2⁶³ bytes or more.</exception>
    public long BytesOf(Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        return ImagePipeline.BytesOf(ImagesPerBatch, (long)preprocessing.Length * Views, Prefetch);
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

/// <summary>What one of several processes reads of a dataset: a part of each batch, or every n-th batch.</summary>
public sealed class BatchShare
{
    private BatchShare()
    {
    }

    /// <summary>Position of the first image that is read of each batch.</summary>
    internal int First { get; private init; }

    /// <summary>How many images are read of each batch, at least 1.</summary>
    internal int Count { get; private init; } = int.MaxValue;

    /// <summary>Number of the first batch that is read.</summary>
    internal int FirstBatch { get; private init; }

    /// <summary>Batches from one that is read to the next.</summary>
    internal int Stride { get; private init; } = 1;

    /// <summary>A part of each batch: for a training whose processes each compute some of the parts that a batch is cut into.</summary>
    /// <param name="rank">Number of the process, from 0.</param>
    /// <param name="processes">Number of processes, at most as many as parts.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="partSize">Images per part; the last one may be smaller.</param>
    public static BatchShare OfEachBatch(int rank, int processes, int batchSize, int partSize)
    {
        int parts = (batchSize + partSize - 1) / partSize, first = StartOf(rank, parts, processes);
        return new BatchShare { First = first * partSize, Count = (StartOf(rank + 1, parts, processes) - first) * partSize };
    }

    /// <summary>Whole batches, dealt out to the processes in turn: for evaluation and features.</summary>
    /// <param name="rank">Number of the process, from 0.</param>
    /// <param name="processes">Number of processes.</param>
    public static BatchShare OfBatches(int rank, int processes) => new() { FirstBatch = rank, Stride = processes };

    /// <summary>The first part of a process: all have the same number, or one more.</summary>
    internal static int StartOf(int rank, int parts, int processes) => (int)((long)rank * parts / processes);
}
