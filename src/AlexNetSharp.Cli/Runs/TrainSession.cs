using System.Diagnostics;
using System.Globalization;
using System.Text;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>A training run of the command: combines images, network, trainer and run folder.</summary>
internal sealed class TrainSession(TrainSettings settings, string run, CommandContext context, ProcessJob job)
{
    /// <summary>Epochs on cached features take less time than writing the model.</summary>
    private static readonly TimeSpan s_checkpointInterval = TimeSpan.FromSeconds(10);

    private long _drawn;

    /// <summary>Whether to print how gradients are exchanged.</summary>
    public bool Explain { get; init; }

    /// <summary>Trains until all epochs are done.</summary>
    /// <param name="resume">Whether to continue from the run's last checkpoint.</param>
    /// <exception cref="OperationCanceledException">Training was interrupted; a checkpoint was written.</exception>
    public void Run(bool resume)
    {
        if (!job.IsFirst)
        {
            RunAsOther();
            return;
        }
        // First, so that a folder that cannot be written is detected before all images are read.
        OutputFolder.Create("--out", run);
        using var folder = new RunFolder(run)
        {
            CheckpointInterval = settings.From is null ? TimeSpan.Zero : s_checkpointInterval,
            CheckpointEpochs = settings.CheckpointEpochs,
            DrawFilters = parameters => FiltersPlot.ToPng(parameters),
        };
        string last = RunFolder.LastCheckpointOf(run);
        using Checkpoint? checkpoint = resume && File.Exists(last) ? Checkpoint.Open(last) : null;
        using SharedModel? start = settings.From is null ? null : new SharedModel(ModelFile.Load(checkpoint?.Path ?? settings.From), checkpoint is not null);
        if (start is { Model.Preprocessing: null })
            throw new InvalidDataException($"{settings.From}: the model does not say how images are prepared; convert it from a file that does");
        TrainData data = TrainData.Open(settings, context, checkpoint?.Preprocessing ?? start?.Model.Preprocessing);
        IReadOnlyList<string> classes = data.Training.Classes;
        if (checkpoint is not null && !checkpoint.Classes.Select(c => c.Id).SequenceEqual(classes))
            throw new InvalidDataException($"{settings.Data}: the classes are not those that the run in '{run}' was trained on");

        TellOthers(data, checkpoint?.Network, start);
        using var work = new TrainingWork(settings, run, data, checkpoint, start, context, job);
        if (job.Group.Count > 1)
            job.Group.Broadcast(work.Trainer);
        settings = work.Settings with { ValidationSplit = data.ValidationSplit };
        Trainer trainer = work.Trainer;
        bool validated = data.Validation is not null;
        if (checkpoint is null && settings.WarmupSteps > 0 && settings.WarmupSteps >= trainer.StepsPerEpoch * (long)settings.Epochs)
            throw new UsageException(FormattableString.Invariant(
                $"--warmup-steps {settings.WarmupSteps} must be below the total number of steps, {trainer.StepsPerEpoch} per epoch for {settings.Epochs} epochs"));
        if (checkpoint is null && !validated && settings.ValidationEpochs > 1)
            throw new UsageException("--validation-epochs has no effect: there are no validation images; specify them with --val, or hold some out with --val-split");

        // Before the folder's files: the checkpoint is written last, after which the epoch is not repeated.
        trainer.EpochDone += _ => SaveCurves(trainer);
        folder.Attach(trainer, data.Preprocessing, work.ClassNames, work.Parameters);
        RequireDisk(work.CheckpointBytes);
        settings.Save(run);
        if (settings.CheckpointSteps > 0)
            trainer.StepDone += step =>
            {
                if (step.Step % settings.CheckpointSteps == 0)
                    folder.SaveLast(trainer);
            };
        new TrainReporter(context, trainer, work.Loader).Attach();
        Announce(work, checkpoint is not null);
        if (!validated)
            context.Note("no validation images: accuracy, and thus best.safetensors, is based on the training images, not on unseen ones (--val or --val-split)");
        try
        {
            context.SavesWork = true;
            trainer.Run(context.Cancellation);
        }
        catch (OperationCanceledException)
        {
            job.StopsTogether = true;
            folder.SaveLast(trainer);
            context.Note(FormattableString.Invariant($"wrote {RunFolder.LastCheckpointOf(run)}; continue with: alexnet train --out {(run.Contains(' ', StringComparison.Ordinal) ? $"\"{run}\"" : run)} --resume"));
            throw;
        }
        catch (Exception e)
        {
            // Whatever ended training (a full disk, missing images, a diverged loss), report what was saved.
            throw new IOException(ErrorText.Of(e) + Kept(last), e);
        }
        Conclude(trainer, folder.BestEpoch);
    }

    /// <summary>Runs processes other than the first: they share its images, network and state, and save nothing.</summary>
    private void RunAsOther()
    {
        TrainData data = SharedImages.Open(job.Group, settings, context);
        byte[] json = job.Group.BroadcastMessage(null);
        Network? network = json.Length == 0 ? null : Network.FromJson(Encoding.UTF8.GetString(json), job.Group.Describe(0));
        using SharedModel? start = settings.From is null ? null : SharedModel.Receive(job.Group);
        using var work = new TrainingWork(settings, run, data, checkpoint: null, start, context, job, network);
        job.Group.Broadcast(work.Trainer);
        try
        {
            context.SavesWork = true;
            work.Trainer.Run(context.Cancellation);
        }
        catch (OperationCanceledException)
        {
            job.StopsTogether = true;
            throw;
        }
    }

    private void TellOthers(TrainData data, Network? network, SharedModel? start)
    {
        if (job.Group.Count == 1)
            return;
        SharedImages.Tell(job.Group, data);
        job.Group.BroadcastMessage(network is null ? [] : Encoding.UTF8.GetBytes(network.ToJson()));
        start?.Tell(job.Group);
    }

    private void Announce(TrainingWork work, bool continued)
    {
        (Network network, Trainer trainer) = (work.Parameters.Network, work.Trainer);
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"network {network.Name} on {network.InputShape}: {network.ParameterCount / 1e6:0.00} million parameters, {Count(trainer.StepsPerEpoch, "step")} per epoch, {Count(work.Threads, "thread")}"));
        context.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory about {work.PeakMemory / 1e9:0.00} GB at most ({work.MemoryShares})"));
        if (work.Exchange is not null)
            ExchangeReport.Print(context, settings, job, work.Layers, Explain);
        if (continued)
            context.WriteLine(FormattableString.Invariant(
                $"continuing after {Count(trainer.History.Count, "epoch")} and {Count(trainer.StepInEpoch, "step")}"));
    }

    private static string Count(int number, string what) => FormattableString.Invariant($"{number} {what}{(number == 1 ? "" : "s")}");

    private void SaveCurves(Trainer trainer)
    {
        // If epochs take milliseconds, drawing each one would take longer than the epoch.
        if (settings.From is not null && !trainer.IsDone && Stopwatch.GetElapsedTime(_drawn) < s_checkpointInterval)
            return;
        _drawn = Stopwatch.GetTimestamp();
        OutputFile.Write("--out", Path.Combine(run, "curves.png"), TrainingCurves.ToPng(trainer.History));
    }

    /// <summary>Rejects a run whose checkpoints do not fit on the disk, before the first epoch instead of after it.</summary>
    private void RequireDisk(long checkpointBytes)
    {
        // The last, the best, and the one that is being written before it replaces one of them.
        long needed = 3 * checkpointBytes, free;
        foreach (string path in (string[])[RunFolder.LastCheckpointOf(run), RunFolder.BestCheckpointOf(run)])
            needed -= File.Exists(path) ? Math.Min(new FileInfo(path).Length, checkpointBytes) : 0;
        try
        {
            free = new DriveInfo(Path.GetFullPath(run)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // A file system that does not say.
            return;
        }
        if (free < needed)
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"{run}: the checkpoints need {needed / 1e6:0.0} MB of disk space (the last one, the best one, and the one being written), but {free / 1e6:0.0} MB are free; free some space, or use --out on another disk"));
    }

    /// <summary>Describes what a failed run has saved.</summary>
    private static string Kept(string last)
    {
        if (!File.Exists(last))
            return " (there is no checkpoint yet)";
        using Checkpoint kept = Checkpoint.Open(last);
        return FormattableString.Invariant($" ({last} stays: the state after {Count(kept.Epoch, "epoch")} and {Count(kept.StepInEpoch, "step")})");
    }

    private void Conclude(Trainer trainer, EpochMetrics? kept)
    {
        bool validated = trainer.History.Any(epoch => epoch.Validation is not null);
        if (trainer.History.Where(epoch => epoch.Validation is not null == validated).Aggregate((EpochMetrics?)null, (best, epoch) => epoch.IsBetterThan(best) ? epoch : best) is not { } best)
            return;
        string other = kept is null || kept.Epoch == best.Epoch ? "" : string.Create(
            CultureInfo.InvariantCulture, $" (best.safetensors is from epoch {kept.Epoch} with {100 * kept.DecisiveTop1:0.00} %, the best one with a checkpoint)");
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"best {(validated ? "validation" : "training")} top-1 {100 * best.DecisiveTop1:0.00} % after epoch {best.Epoch}{other}; {ProgressLine.Clock(TimeSpan.FromSeconds(trainer.History.Sum(epoch => epoch.Seconds)))} in all epochs; everything is in {run}"));
    }
}
