using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>
/// The folder of a training: <c>checkpoints/last.safetensors</c> and <c>best.safetensors</c>, <c>metrics.csv</c> with a line for each epoch,
/// <c>metrics-steps.csv</c> with about two thousand lines for single steps, and <c>tensorboard/</c> with one event file for each epoch. Every
/// file is written completely or not at all.
/// </summary>
/// <remarks>
/// The folder belongs to one training at a time, until <see cref="Dispose"/>: it holds a system lock on <c>.lock</c>, which is released
/// when the process ends. The presence of the file alone means nothing.
/// </remarks>
public sealed class RunFolder : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(30);

    /// <summary>A process that was killed holds its lock until the system has taken it down: how long to wait for that, and how often to look.</summary>
    private static readonly TimeSpan s_takenDown = TimeSpan.FromSeconds(3), s_lookAgain = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _lock;
    private IReadOnlyList<ClassName>? _classes;
    private Preprocessing? _preprocessing;
    private ParameterSet? _whole;
    private Snapshot? _best;
    private long _saved = Stopwatch.GetTimestamp();
    private StepLog? _steps;
    private long _stepsSaved;

    /// <summary>Creates the folder if it does not exist and locks it; removes unfinished files of a killed process.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The folder cannot be made, or another training writes to it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public RunFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        Directory.CreateDirectory(CheckpointsPath);
        Directory.CreateDirectory(EventsPath);
        _lock = Lock(path);
        // What a process that was killed had begun to write; nobody else writes here while we hold the lock.
        foreach (string folder in (string[])[path, CheckpointsPath, EventsPath])
            foreach (string file in Directory.EnumerateFiles(folder, "*.tmp"))
                if (AtomicFile.IsTemporary(System.IO.Path.GetFileName(file)))
                    File.Delete(file);
    }

    /// <summary>The folder.</summary>
    internal string Path { get; }

    /// <summary>Epochs from one checkpoint to the next; the last epoch always gets one.</summary>
    public int CheckpointEpochs { get; init; } = 1;

    /// <summary>Draws the first convolution's filters as PNG for the events of each epoch; null, or a result of null, leaves them out.</summary>
    public Func<ParameterSet, byte[]?>? DrawFilters { get; init; }

    /// <summary>
    /// The minimum time between two checkpoints; 0 by default. If epochs are shorter than writing the file takes, the best epoch is kept in
    /// memory meanwhile; a killed process loses at most this much time.
    /// </summary>
    public TimeSpan CheckpointInterval { get; init; }

    /// <summary>The state after the last epoch, or where the training was interrupted.</summary>
    internal string LastCheckpoint => LastCheckpointOf(Path);

    /// <summary>The state after the epoch with the best validation top-1 (training top-1 without validation; ties go to the lower loss), among those that got a checkpoint.</summary>
    internal string BestCheckpoint => BestCheckpointOf(Path);

    /// <summary>The epoch that <see cref="BestCheckpoint"/> holds; null while there is none.</summary>
    public EpochMetrics? BestEpoch { get; private set; }

    /// <summary>The table of all epochs.</summary>
    internal string MetricsPath => System.IO.Path.Combine(Path, "metrics.csv");

    /// <summary>The table of single steps.</summary>
    internal string StepMetricsPath => System.IO.Path.Combine(Path, "metrics-steps.csv");

    /// <summary>The folder for TensorBoard.</summary>
    internal string EventsPath => System.IO.Path.Combine(Path, "tensorboard");

    private string CheckpointsPath => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>Where a run in <paramref name="path"/> keeps its last checkpoint.</summary>
    public static string LastCheckpointOf(string path) => System.IO.Path.Combine(path, "checkpoints", "last.safetensors");

    /// <summary>Where a run in <paramref name="path"/> keeps its best checkpoint.</summary>
    public static string BestCheckpointOf(string path) => ModelFile.BestCheckpointOf(path);

    /// <summary>Writes all files after each epoch of <paramref name="trainer"/>.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="preprocessing">How images are preprocessed; null if unknown.</param>
    /// <param name="classes">The classes in the order of the outputs.</param>
    /// <param name="whole">The parameters of the whole network, where the trainer trains only its last layers; null for the trainer's.</param>
    /// <exception cref="ArgumentException">Preprocessing or classes do not fit the network, or a name cannot be stored (<see cref="Model"/>).</exception>
    public void Attach(Trainer trainer, Preprocessing? preprocessing, IReadOnlyList<ClassName> classes, ParameterSet? whole = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(classes);
        // Before the training, not after its first epoch.
        Model.Check((whole ?? trainer.Parameters).Network, preprocessing, classes);
        (_classes, _preprocessing, _whole) = (classes, preprocessing, whole);
        BestEpoch = KeptBest(trainer.State.History);
        _steps = new StepLog(StepMetricsPath, trainer.Step, trainer.StepsPerEpoch * (long)trainer.Options.Epochs);
        _stepsSaved = Stopwatch.GetTimestamp();
        trainer.StepDone += AddStep;
        trainer.EpochDone += epoch => SaveEpoch(trainer, epoch);
    }

    /// <summary>Writes <see cref="LastCheckpoint"/>.</summary>
    /// <exception cref="IOException">It cannot be written; the old one stays.</exception>
    /// <exception cref="TrainingDivergedException">The weights are not finite; the old one stays.</exception>
    /// <exception cref="InvalidOperationException"><see cref="Attach"/> was not called.</exception>
    public void SaveLast(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        trainer.RequireFiniteWeights();
        SaveSteps();
        // The best before the last: what comes after the last checkpoint is computed again, what came before it is not.
        _best?.Use(state => Save(BestCheckpoint, trainer, state));
        Save(LastCheckpoint, trainer, trainer.State);
        _saved = Stopwatch.GetTimestamp();
    }

    /// <summary>Releases the folder.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        // What the system says when somebody else holds the lock: EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.
        const int linux = 11, macOS = 35, windows = unchecked((int)0x80070020);
        string file = System.IO.Path.Combine(path, ".lock");
        // Opened, a link would make or lock a file in another place.
        if (new FileInfo(file).LinkTarget is { } target)
            throw new IOException($"{file}: this is a link to '{target}', not the lock of a training; remove it");
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(s_lookAgain))
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is linux or macOS or windows)
            {
                if (Stopwatch.GetElapsedTime(start) > s_takenDown)
                    throw new IOException($"{path}: another training writes to this folder; wait for its end, or name another folder", e);
            }
    }

    private void Save(string path, Trainer trainer, TrainingState state) =>
        Checkpoint.Save(path, trainer, state, _preprocessing, _classes ?? throw new InvalidOperationException("attach the run folder to the training first"), _whole);

    private void AddStep(StepMetrics step)
    {
        _steps!.Add(step);
        // So that epochs of hours can be watched.
        if (Stopwatch.GetElapsedTime(_stepsSaved) > s_pause)
            SaveSteps();
    }

    private void SaveSteps()
    {
        _steps?.Save();
        _stepsSaved = Stopwatch.GetTimestamp();
    }

    private void SaveEpoch(Trainer trainer, EpochMetrics epoch)
    {
        IReadOnlyList<EpochMetrics> history = trainer.State.History;
        // The last checkpoint is written at the very end: if the process dies before, the epoch is computed again and all of this rewritten.
        bool regular = epoch.Epoch % CheckpointEpochs == 0 || trainer.IsDone;
        bool due = regular && (trainer.IsDone || Stopwatch.GetElapsedTime(_saved) >= CheckpointInterval);
        if (regular && trainer.IsDecisive(epoch) && epoch.IsBetterThan(BestEpoch))
        {
            if (CheckpointInterval > TimeSpan.Zero)
                (_best ??= new Snapshot(trainer)).Take();
            else
                Save(BestCheckpoint, trainer, trainer.State);
            BestEpoch = epoch;
        }
        MetricsCsv.Save(MetricsPath, history);
        SaveSteps();
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
            return best.Header.State.History is [.., var kept] && history.Any(epoch => Results(epoch).Equals(Results(kept))) ? kept : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static (int, long, double, Tally, Tally?, double) Results(EpochMetrics epoch) =>
        (epoch.Epoch, epoch.Step, epoch.LearningRate, epoch.Training, epoch.Validation, epoch.Seconds);

    private void SaveEvents(Trainer trainer, EpochMetrics epoch)
    {
        var file = new TensorBoardFile();
        foreach (StepPoint point in _steps!.OfEpoch(epoch.Epoch))
        {
            file.AddScalar("loss/step", point.Step, point.Loss);
            file.AddScalar("top1/step", point.Step, point.Top1);
            file.AddScalar("learning_rate/step", point.Step, point.LearningRate);
        }
        AddTally(file, "train", epoch.Step, epoch.Training);
        if (epoch.Validation is { } validation)
            AddTally(file, "validation", epoch.Step, validation);
        file.AddScalar("learning_rate", epoch.Step, epoch.LearningRate);
        file.AddScalar("images_per_second", epoch.Step, epoch.ImagesPerSecond);
        if (DrawFilters?.Invoke(trainer.Parameters) is { } filters)
            file.AddImage("conv1", epoch.Step, filters);
        file.Save(System.IO.Path.Combine(EventsPath, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{epoch.Epoch:D6}")));
    }

    private void AddTally(TensorBoardFile file, string name, long step, Tally tally)
    {
        file.AddScalar($"loss/{name}", step, tally.Loss);
        file.AddScalar($"top1/{name}", step, tally.Top1);
        if (_classes!.Count > 5)
            file.AddScalar($"top5/{name}", step, tally.Top5);
    }

    /// <summary>What a training changes, as it was after an epoch: memory of the same size, taken once.</summary>
    private sealed class Snapshot(Trainer trainer)
    {
        private const int Piece = 256;

        // What is frozen is the same in every epoch.
        private readonly Parameter[] _changing =
            [.. trainer.Parameters.Parameters.Where(parameter => trainer.Executor.Gradients!.Find(parameter.Name) is not null), .. trainer.Optimizer.State.Parameters];
        private readonly List<float[]> _values = [];
        private TrainingState? _state;

        /// <summary>Keeps the values as they are now, in place of those kept before.</summary>
        public void Take()
        {
            for (int i = 0; i < _changing.Length; i++)
            {
                Span<float> storage = _changing[i].Storage;
                if (_values.Count == i)
                    _values.Add(GC.AllocateUninitializedArray<float>(storage.Length));
                storage.CopyTo(_values[i]);
            }
            _state = trainer.State;
        }

        /// <summary>Puts the values back for as long as <paramref name="action"/> runs; then nothing is kept any more.</summary>
        public void Use(Action<TrainingState> action)
        {
            if (_state is null)
                return;
            Exchange();
            try
            {
                action(_state);
            }
            finally
            {
                Exchange();
            }
            _state = null;
        }

        private void Exchange()
        {
            Span<float> piece = stackalloc float[Piece];
            for (int i = 0; i < _changing.Length; i++)
            {
                Span<float> mine = _values[i], theirs = _changing[i].Storage;
                for (int at = 0; at < mine.Length; at += Piece)
                {
                    int length = Math.Min(Piece, mine.Length - at);
                    Span<float> left = mine.Slice(at, length), right = theirs.Slice(at, length);
                    left.CopyTo(piece);
                    right.CopyTo(left);
                    piece[..length].CopyTo(right);
                }
            }
        }
    }
}
