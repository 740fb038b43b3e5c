using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet train</c>: trains a network on images in folders, on MNIST's files or on CIFAR-10.</summary>
internal sealed class TrainCommand : CliCommand
{
    private readonly Argument<string?> _data = new("DATA")
    {
        Description = "a folder with one subfolder per class (or train/ and val/ or test/ with those inside), the MNIST files, or the CIFAR-10 batches",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _out = CommandOptions.Path("--out", "the run folder: settings, metrics, curves, checkpoints", "FOLDER");
    private readonly Option<bool> _resume = CommandOptions.Switch("--resume", "continue the run in --out with its settings");
    private readonly IReadOnlyList<TrainSetting> _settings = TrainOptions.Declare();

    public TrainCommand()
        : base("train", "Train or fine-tune a network on your images; checkpoints, metrics and curves go into a run folder.")
    {
        Add(_data);
        Add(_out);
        Add(_resume);
        foreach (TrainSetting setting in _settings)
            Add(setting.Option);
        Validators.Add(result =>
        {
            if (result.GetResult(_out) is null)
                result.AddError("--out FOLDER is missing: the folder for the run");
            else if (!result.GetValue(_resume) && result.GetValue(_data) is null)
                result.AddError("DATA is missing: the folder with the images");
        });
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet train images --out runs/first --epochs 20                   one folder per class in images/train and images/val",
        "alexnet train images --out runs/flip --flip --val-split 0.1         random mirroring, a tenth of the images for validation",
        "alexnet train cifar10 --out runs/quick --network cifar10-quick        a small network with its published settings",
        "alexnet train --out runs/first --resume                               continue an interrupted run",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string run = context.Get(_out)!;
        bool resume = context.Get(_resume);
        TrainSettings settings = resume ? Continued(context, run) : Fresh(context);
        if (!resume && File.Exists(TrainSettings.PathOf(run)))
            throw new UsageException($"'{run}' already holds a run; continue it with --resume, or name another folder");
        new TrainSession(settings, run, context).Run(resume);
        return ExitCode.Success;
    }

    /// <summary>The settings of the run itself; only what does not change the result up to where it stands may be given anew.</summary>
    private TrainSettings Continued(CommandContext context, string run)
    {
        if (_settings.FirstOrDefault(setting => !setting.MayChange && context.Has(setting.Option)) is { } fixedSetting)
            throw new UsageException(
                $"{fixedSetting.Name} cannot change when a run continues: its settings are in {TrainSettings.PathOf(run)}; only {string.Join(", ", _settings.Where(s => s.MayChange).Select(s => s.Name))} and DATA can");
        TrainSettings settings = TrainSettings.Load(run);
        if (context.Get(_data) is null && !Directory.Exists(settings.Data))
            throw new DirectoryNotFoundException($"{settings.Data}: no such folder, but {TrainSettings.PathOf(run)} names it; if the images have moved, give their place as DATA");
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

    /// <summary>The run may be continued from another folder.</summary>
    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
