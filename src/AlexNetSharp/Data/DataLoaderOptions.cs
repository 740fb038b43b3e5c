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

    /// <summary>Whether every epoch has a random order of its own; otherwise the data set's order.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Whether an incomplete last batch of an epoch is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Random changes of the images; null: none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Whether a batch holds ten views of each image, one after the other (<see cref="Preprocessor.ApplyTenCrop"/>); excludes random changes.</summary>
    public bool TenCrop { get; init; }

    /// <summary>Decides order and random changes.</summary>
    public ulong Seed { get; init; }

    /// <summary>The epoch to begin with, from 0.</summary>
    public int FirstEpoch { get; init; }

    /// <summary>The batch of that epoch to begin with, from 0: where an interrupted training continues.</summary>
    public int FirstStep { get; init; }

    /// <summary>The epoch to stop before; <see cref="DataLoader.Next"/> then returns null.</summary>
    public int Epochs { get; init; } = int.MaxValue;
}
