using System.Globalization;

namespace AlexNetSharp.Training;

/// <summary>
/// The folder of a training: <c>checkpoints/last.safetensors</c> and <c>best.safetensors</c>, <c>metrics.csv</c>, and <c>tensorboard/</c>
/// with one event file an epoch. Every file is written whole or not at all.
/// </summary>
public sealed class RunFolder
{
    private readonly IReadOnlyList<string> _classes;
    private readonly string _preprocessing;

    /// <summary>Makes the folder, if it does not exist; removes unfinished files of a process that was killed.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="classes">Names of the classes, in the order of the outputs.</param>
    /// <param name="preprocessing">What happens to a picture before the network, as text.</param>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public RunFolder(string path, IReadOnlyList<string> classes, string preprocessing = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(classes);
        Path = path;
        _classes = classes;
        _preprocessing = preprocessing;
        Directory.CreateDirectory(System.IO.Path.Combine(path, "checkpoints"));
        Directory.CreateDirectory(EventsPath);
        // What a process that was killed had begun to write.
        foreach (string unfinished in Directory.EnumerateFiles(path, "*.tmp", SearchOption.AllDirectories))
            File.Delete(unfinished);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Epochs from one checkpoint to the next; the last epoch always gets one.</summary>
    public int CheckpointEpochs { get; init; } = 1;

    /// <summary>The state after the last epoch, or where the training was interrupted.</summary>
    public string LastCheckpoint => LastCheckpointOf(Path);

    /// <summary>The state after the epoch with the best validation top-1 (training top-1 without validation) of those that got a checkpoint.</summary>
    public string BestCheckpoint => BestCheckpointOf(Path);

    /// <summary>The epoch that <see cref="BestCheckpoint"/> holds; null while there is none.</summary>
    public EpochMetrics? BestEpoch { get; private set; }

    /// <summary>The table of all epochs.</summary>
    public string MetricsPath => System.IO.Path.Combine(Path, "metrics.csv");

    /// <summary>The folder for TensorBoard.</summary>
    public string EventsPath => System.IO.Path.Combine(Path, "tensorboard");

    /// <summary>Where a run in <paramref name="path"/> keeps its last checkpoint.</summary>
    public static string LastCheckpointOf(string path) => System.IO.Path.Combine(path, "checkpoints", "last.safetensors");

    /// <summary>Where a run in <paramref name="path"/> keeps its best checkpoint.</summary>
    public static string BestCheckpointOf(string path) => System.IO.Path.Combine(path, "checkpoints", "best.safetensors");

    /// <summary>Writes everything after each epoch of <paramref name="trainer"/>.</summary>
    public void Attach(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        BestEpoch = KeptBest(trainer.State.History);
        trainer.EpochDone += epoch => SaveEpoch(trainer, epoch);
    }

    /// <summary>Writes <see cref="LastCheckpoint"/>.</summary>
    /// <exception cref="IOException">It cannot be written; the old one stays.</exception>
    /// <exception cref="TrainingDivergedException">The weights are not finite; the old one stays.</exception>
    public void SaveLast(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        trainer.RequireFiniteWeights();
        Checkpoint.Save(LastCheckpoint, trainer, _classes, _preprocessing);
    }

    private void SaveEpoch(Trainer trainer, EpochMetrics epoch)
    {
        IReadOnlyList<EpochMetrics> history = trainer.State.History;
        // The last checkpoint is written at the very end: if the process dies before, the epoch is computed again and all of this rewritten.
        bool due = epoch.Epoch % CheckpointEpochs == 0 || epoch.Epoch == trainer.Options.Epochs;
        if (due && trainer.IsDecisive(epoch) && !(epoch.DecisiveTop1 <= BestEpoch?.DecisiveTop1))
        {
            Checkpoint.Save(BestCheckpoint, trainer, _classes, _preprocessing);
            BestEpoch = epoch;
        }
        MetricsCsv.Save(MetricsPath, history);
        SaveEvents(trainer, epoch);
        if (due)
            SaveLast(trainer);
    }

    /// <summary>The epoch of the best checkpoint that lies there, if it belongs to the training's past; one of another training is replaced.</summary>
    private EpochMetrics? KeptBest(IReadOnlyList<EpochMetrics> history)
    {
        if (!File.Exists(BestCheckpoint))
            return null;
        try
        {
            using Checkpoint best = Checkpoint.Open(BestCheckpoint);
            return best.Header.State.History is [.., var kept] && history.Contains(kept) ? kept : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private void SaveEvents(Trainer trainer, EpochMetrics epoch)
    {
        var file = new TensorBoardFile();
        AddTally(file, "train", epoch.Step, epoch.Training);
        if (epoch.Validation is { } validation)
            AddTally(file, "validation", epoch.Step, validation);
        file.AddScalar("learning_rate", epoch.Step, epoch.LearningRate);
        file.AddScalar("images_per_second", epoch.Step, epoch.ImagesPerSecond);
        if (FilterImage.Of(trainer.Parameters) is { } filters)
            file.AddImage("conv1", epoch.Step, filters.Width, filters.Height, filters.Channels, filters.Pixels);
        file.Save(System.IO.Path.Combine(EventsPath, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{epoch.Epoch:D6}")));
    }

    private static void AddTally(TensorBoardFile file, string name, long step, Tally tally)
    {
        file.AddScalar($"loss/{name}", step, tally.Loss);
        file.AddScalar($"top1/{name}", step, tally.Top1);
        file.AddScalar($"top5/{name}", step, tally.Top5);
    }
}
