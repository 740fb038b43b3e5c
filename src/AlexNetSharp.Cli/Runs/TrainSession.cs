using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>A training as the command runs it: images, network, trainer and run folder put together.</summary>
internal sealed class TrainSession(TrainSettings settings, string run, CommandContext context)
{
    private const int Prefetch = 3;

    /// <summary>Trains until all epochs are done.</summary>
    /// <param name="resume">Whether to continue from the run's last checkpoint.</param>
    /// <exception cref="OperationCanceledException">Interrupted; a checkpoint was written.</exception>
    public void Run(bool resume)
    {
        // First of all, so that a folder that cannot be written is known before all images have been read.
        OutputFolder.Create("--out", run);
        using var folder = new RunFolder(run) { CheckpointEpochs = settings.CheckpointEpochs, DrawFilters = parameters => FiltersPlot.ToPng(parameters) };
        string last = folder.LastCheckpoint;
        using Checkpoint? checkpoint = resume && File.Exists(last) ? Checkpoint.Open(last) : null;
        TrainData data = TrainData.Open(settings, context, checkpoint?.Preprocessing);
        IReadOnlyList<string> classes = data.Training.Classes;
        if (checkpoint is not null && !checkpoint.Classes.Select(c => c.Id).SequenceEqual(classes))
            throw new InvalidDataException($"{settings.Data}: the classes are not those that the run in '{run}' was trained on");

        Network network = CreateNetwork(data.Preprocessing, classes.Count);
        using ParameterSet parameters = ParameterSet.Initialize(network, settings.Seed);
        using DataLoader training = Loader(data.Training, data, shuffle: true);
        using DataLoader? validation = data.Validation is null ? null : Loader(data.Validation, data, shuffle: false);
        using var plan = new Plan(network, parameters, PlanOptions());
        using var optimizer = new Sgd(plan, TrainingRecipe.For(settings.Network).Groups)
        {
            Momentum = (float)settings.Momentum,
            WeightDecay = (float)settings.WeightDecay,
        };
        using var trainer = new Trainer(plan, optimizer, training, validation, Options());
        checkpoint?.Restore(trainer);
        if (checkpoint is null && settings.WarmupSteps > 0 && settings.WarmupSteps >= trainer.StepsPerEpoch * (long)settings.Epochs)
            throw new UsageException(FormattableString.Invariant(
                $"--warmup-steps {settings.WarmupSteps} must be below the steps of the run, {trainer.StepsPerEpoch} an epoch for {settings.Epochs} epochs"));
        if (checkpoint is null && validation is null && settings.ValidationEpochs > 1)
            throw new UsageException("--validation-epochs has no effect: there are no validation images; name them with --val, or take some with --val-split");

        // Before the folder's files: its last one is the checkpoint, after which the epoch is not computed again.
        trainer.EpochDone += _ => SaveCurves(trainer);
        folder.Attach(trainer, data.Preprocessing, [.. classes.Select(name => new ClassName(name, name))]);
        settings.Save(run);
        if (settings.CheckpointSteps > 0)
            trainer.StepDone += step =>
            {
                if (step.Step % settings.CheckpointSteps == 0)
                    folder.SaveLast(trainer);
            };
        new TrainReporter(context, trainer, training).Attach();
        Announce(plan, trainer, checkpoint is not null);
        if (validation is null)
            context.Note("no validation images: accuracy, and with it best.safetensors, is that on the images trained on, not on new ones (--val, --val-split)");
        try
        {
            context.SavesWork = true;
            trainer.Run(context.Cancellation);
        }
        catch (OperationCanceledException)
        {
            folder.SaveLast(trainer);
            context.Note(FormattableString.Invariant($"wrote {folder.LastCheckpoint}; continue with: alexnet train --out {(run.Contains(' ', StringComparison.Ordinal) ? $"\"{run}\"" : run)} --resume"));
            throw;
        }
        catch (Exception e)
        {
            // Whatever ended the training, a full disk, images that are gone, a loss that diverged: say what is left of it.
            throw new IOException(e.Message + Kept(last), e);
        }
        Conclude(trainer, folder.BestEpoch);
    }

    private Network CreateNetwork(Preprocessing preprocessing, int classes)
    {
        Network network;
        try
        {
            network = NetworkCatalog.Get(settings.Network).Build(
                classes, new Shape(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels));
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message, e);
        }
        return settings.Initial switch
        {
            "notebook" => Initialization.Notebook(network),
            "paper" => Initialization.Paper(network),
            "he" => Initialization.He(network),
            _ => network,
        };
    }

    private DataLoader Loader(IImageDataset images, TrainData data, bool shuffle) => new(images, data.Preprocessing, new DataLoaderOptions
    {
        BatchSize = settings.BatchSize,
        Threads = Math.Max(1, settings.Threads),
        Prefetch = Prefetch,
        Shuffle = shuffle,
        Augmentation = shuffle ? data.Augmentation : null,
        Seed = settings.Seed,
        Epochs = settings.Epochs,
    });

    private TrainerOptions Options() => new()
    {
        Epochs = settings.Epochs,
        ValidationEpochs = settings.ValidationEpochs,
        Schedule = settings.CreateSchedule(),
        ClipNorm = settings.ClipNorm,
        LabelSmoothing = settings.LabelSmoothing,
    };

    private PlanOptions PlanOptions() => new()
    {
        BatchSize = settings.MicroBatch == 0 ? settings.BatchSize : Math.Min(settings.MicroBatch, settings.BatchSize),
        Threads = settings.Threads,
        Gradients = GradientScope.All,
        Seed = settings.Seed,
    };

    private void Announce(Plan plan, Trainer trainer, bool continued)
    {
        Network network = plan.Network;
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"network {network.Name} on {network.InputShape}: {network.ParameterCount / 1e6:0.00} million parameters, {Count(trainer.StepsPerEpoch, "step")} per epoch, {Count(plan.Threads, "thread")}"));
        if (continued)
            context.WriteLine(FormattableString.Invariant(
                $"continuing after {Count(trainer.State.Epoch, "epoch")} and {Count(trainer.StepInEpoch, "step")}"));
    }

    private static string Count(int number, string what) => FormattableString.Invariant($"{number} {what}{(number == 1 ? "" : "s")}");

    private void SaveCurves(Trainer trainer) =>
        OutputFile.Write("--out", Path.Combine(run, "curves.png"), TrainingCurves.ToPng(trainer.State.History));

    /// <summary>What a training that failed leaves.</summary>
    private static string Kept(string last)
    {
        if (!File.Exists(last))
            return " (there is no checkpoint yet)";
        using Checkpoint kept = Checkpoint.Open(last);
        return FormattableString.Invariant($" ({last} stays: the state after {Count(kept.Header.State.Epoch, "epoch")} and {Count(kept.Header.State.StepInEpoch, "step")})");
    }

    private void Conclude(Trainer trainer, EpochMetrics? kept)
    {
        bool validated = trainer.State.History.Any(epoch => epoch.Validation is not null);
        if (trainer.State.History.Where(epoch => epoch.Validation is not null == validated).MaxBy(epoch => epoch.DecisiveTop1) is not { } best)
            return;
        string other = kept is null || kept.Epoch == best.Epoch ? "" : string.Create(
            CultureInfo.InvariantCulture, $" (best.safetensors is of epoch {kept.Epoch} with {100 * kept.DecisiveTop1:0.00} %, the best one with a checkpoint)");
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"best {(validated ? "validation" : "training")} top-1 {100 * best.DecisiveTop1:0.00} % after epoch {best.Epoch}{other}; {ProgressLine.Clock(TimeSpan.FromSeconds(trainer.State.History.Sum(epoch => epoch.Seconds)))} in all epochs; everything is in {run}"));
    }
}
