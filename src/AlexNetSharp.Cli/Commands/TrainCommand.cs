using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet train</c>: trains a network on images in folders, on MNIST or on CIFAR-10.</summary>
internal sealed class TrainCommand : CliCommand
{
    private readonly Argument<string?> _data = new("DATA")
    {
        Description = "a folder with one subfolder per class (or train/ and val/ or test/ with those inside), the MNIST files, or the CIFAR-10 batches",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _out = CommandOptions.Path("--out", "the run folder: settings, metrics, curves, checkpoints", "FOLDER");
    private readonly Option<bool> _resume = CommandOptions.Switch("--resume", "continue the run in --out with its settings");
    private readonly Option<bool> _explain = CommandOptions.Switch("--explain", "show how the gradients of each fully connected layer are exchanged between processes, and why");
    private readonly Option<string?> _mpi = CommandOptions.Path("--mpi", ProcessJob.LibraryDescription, "LIBRARY");
    private readonly IReadOnlyList<TrainSetting> _settings = TrainOptions.Declare();

    /// <summary>Default maximum part size: large enough for the kernels, and four processes can share a batch of 128.</summary>
    private const int MostPartSize = 32;

    public TrainCommand()
        : base("train", "Train or fine-tune a network on your images; checkpoints, metrics and curves go into a run folder.")
    {
        Add(_data);
        Add(_out);
        Add(_resume);
        foreach (TrainSetting setting in _settings)
            Add(setting.Option);
        Add(_explain);
        Add(_mpi);
        Validators.Add(result =>
        {
            if (result.GetResult(_out) is null)
                result.AddError("--out FOLDER is missing: the folder for the run");
            else if (!result.GetValue(_resume) && result.GetValue(_data) is null)
                result.AddError("DATA is missing: the folder with the images");
        });
    }

    /// <inheritdoc/>
    public override bool ComputesLong => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet train images --out runs/first --epochs 20                one folder per class in images/train and images/val",
        "alexnet train images --out runs/flip --flip --val-split 0.1      random mirroring, a tenth of the images for validation",
        "alexnet train cifar10 --out runs/quick --network cifar10-quick   a small network with its published settings",
        "alexnet train --out runs/first --resume                          continue an interrupted run",
        "mpirun -n 4 alexnet train images --out runs/first                four processes, on this machine or on others",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context) => ProcessJob.Run(context, Name, context.Get(_mpi), job => Run(context, job));

    private int Run(CommandContext context, ProcessJob job)
    {
        string run = context.Get(_out)!;
        bool resume = context.Get(_resume);
        // Only the first process looks at the run folder.
        byte[] json = job.Group.BroadcastMessage(job.IsFirst ? SettingsOf(context, run, resume, job).ToJson() : null);
        TrainSettings settings = TrainSettings.FromJson(json);
        if (job.IsMpi && !context.Has(_settings.First(setting => setting.Name == "--threads").Option))
            settings = settings with { Threads = job.Threads() };
        new TrainSession(settings, run, context, job) { Explain = context.Get(_explain) }.Run(resume);
        return ExitCode.Success;
    }

    private TrainSettings SettingsOf(CommandContext context, string run, bool resume, ProcessJob job)
    {
        TrainSettings settings = resume ? Continued(context, run) : Fresh(context);
        if (!resume && File.Exists(TrainSettings.PathOf(run)))
            throw new UsageException($"'{run}' already holds a run; continue it with --resume, or choose another folder");
        if (!resume && job.IsMpi && settings is { PartSize: 0, MicroBatch: 0 })
            settings = settings with { PartSize = Math.Clamp((settings.BatchSize + 3) / 4, 1, MostPartSize) };
        if (job.Group.Count == 1)
            return settings;
        if (settings.PartSize == 0)
            throw new UsageException(resume
                ? $"this run computes all images of a step at once (part_size in {TrainSettings.PathOf(run)}), which several processes cannot share: resume it without mpirun"
                : "--micro-batch is for a single process: use --part-size instead");
        int parts = (settings.BatchSize + settings.PartSize - 1) / settings.PartSize;
        return job.Group.Count <= parts ? settings : throw new UsageException(FormattableString.Invariant(
            $"{job.Group.Count} processes, but the {settings.BatchSize} images of a step are {parts} part{(parts == 1 ? "" : "s")} of {settings.PartSize}: use a smaller --part-size, a larger --batch-size, or fewer processes"));
    }

    /// <summary>Returns the settings of the run; only settings that do not affect the result so far may be given again.</summary>
    private TrainSettings Continued(CommandContext context, string run)
    {
        if (_settings.FirstOrDefault(setting => !setting.MayChange && context.Has(setting.Option)) is { } fixedSetting)
            throw new UsageException(
                $"{fixedSetting.Name} cannot change when a run is resumed: its settings are in {TrainSettings.PathOf(run)}; only {string.Join(", ", _settings.Where(s => s.MayChange).Select(s => s.Name))} and DATA can");
        TrainSettings settings = TrainSettings.Load(run);
        if (context.Get(_data) is null && !Directory.Exists(settings.Data))
            throw new DirectoryNotFoundException($"{settings.Data}: no such folder, but {TrainSettings.PathOf(run)} names it; if the images have moved, pass their new location as DATA");
        return TrainOptions.Take(settings with { Data = FullPath(context.Get(_data)) ?? settings.Data }, _settings, context);
    }

    private TrainSettings Fresh(CommandContext context)
    {
        TrainSettings settings = TrainOptions.Take(
            TrainSettings.Default with { Data = FullPath(context.Get(_data))!, Version = VersionLine.Version }, _settings, context);
        string run = context.Get(_out)!;
        OutputFolder.RequireOutside("--out", run, settings.Data);
        OutputFolder.RequireOutside("--out", run, settings.ValidationPath);
        return settings.Pointless is { } pointless ? throw new UsageException(pointless) : settings;
    }

    /// <summary>Makes a path absolute, because the run may be continued from another folder.</summary>
    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
