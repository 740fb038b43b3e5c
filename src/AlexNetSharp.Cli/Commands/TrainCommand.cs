using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet train</c>: trains a network on images in folders, on MNIST's files or on CIFAR-10.</summary>
internal sealed class TrainCommand : CliCommand
{
    private readonly Argument<string?> _data = new("DATA")
    {
        Description = "a folder with one folder a class (or train/ and val/ or test/ with them inside), with MNIST's files, or with CIFAR-10's batches",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _out = CommandOptions.Path("--out", "the run folder: settings, metrics, curves, checkpoints", "FOLDER");
    private readonly Option<bool> _resume = CommandOptions.Switch("--resume", "continue the run in --out with its settings");
    private readonly Option<string?> _val = CommandOptions.Path("--val", "folder with the validation images", "FOLDER");
    private readonly Option<double> _valSplit = CommandOptions.Number("--val-split", "share of the training images to validate on, drawn from each class", 0, 0, 0.99);
    private readonly Option<bool> _skipBad = CommandOptions.Switch("--skip-bad", "list images that cannot be read and leave them out, instead of stopping");
    private readonly ChoiceOption<string> _network = Words("--network", $"which network: {string.Join(", ", NetworkCatalog.Names)}", "NAME", [.. NetworkCatalog.Names]);
    private readonly Option<int?> _imageSize = CommandOptions.OptionalInteger("--image-size", "height and width of the images [what the network was made for; for cifar10-* what all images have up to 64, else 32]", 1, 4096);
    private readonly ChoiceOption<string> _initial = Words(
        "--initial", "initial values: the network's own, the notebook's (made for timing), those of the 2012 paper, or He's [network for cifar10-*, else he]",
        null, "auto", "network", "notebook", "paper", "he");
    private readonly ChoiceOption<string> _normalize = Words(
        "--normalize", "pixel: minus the mean image; channel: minus mean and by deviation of each channel; none: 0 to 1 [pixel for cifar10-*, else channel]",
        null, "auto", "pixel", "channel", "none");
    private readonly ChoiceOption<string> _resize = Words(
        "--resize", "how images are brought to size before the crop [square for cifar10-*, else shorter]", null,
        "auto", "shorter", "square", "none");
    private readonly Option<int?> _resizeTo = CommandOptions.OptionalInteger("--resize-to", "size before the crop [the image size for cifar10-* and where all images have it, else 256/224 of it]", 1, 8192);
    private readonly Option<bool> _randomCrop = CommandOptions.Switch("--random-crop", "crop at a random place");
    private readonly Option<int> _cropPadding = CommandOptions.Integer("--crop-padding", "let the random crop reach beyond the edges by so many pixels", 0, 0, 4096);
    private readonly Option<bool> _randomResizedCrop = CommandOptions.Switch("--random-resized-crop", "crop of random place, size and proportion");
    private readonly Option<bool> _flip = CommandOptions.Switch("--flip", "mirror half of the images");
    private readonly Option<bool> _colorPca = CommandOptions.Switch("--color-pca", "shift colors along their principal components, as the 2012 paper");
    private readonly Option<int> _epochs = CommandOptions.Integer("--epochs", "epochs in all", 20, 0, 1_000_000);
    private readonly Option<int> _validationEpochs = CommandOptions.Integer(
        "--validation-epochs", "epochs from one validation to the next; the last epoch always has one", 1, 1, 1_000_000);
    private readonly Option<int> _batchSize = CommandOptions.Integer("--batch-size", "images of a step", 128, 1, 1 << 20);
    private readonly Option<int> _microBatch = CommandOptions.Integer("--micro-batch", "images computed at once, to save memory; 0: all of a step", 0, 0, 1 << 20);
    private readonly Option<double?> _learningRate = CommandOptions.OptionalNumber("--learning-rate", "learning rate [0.001 for cifar10-*, else 0.01]", 0, 1e6);
    private readonly ChoiceOption<string> _schedule = Words("--schedule", "learning rate over the epochs", null, "constant", "step", "multi-step", "cosine", "plateau");
    private readonly Option<string> _milestones = new("--milestones")
    {
        Description = "for multi-step: epochs done when the rate drops, such as 120,130",
        HelpName = "N,N",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<int> _stepEpochs = CommandOptions.Integer("--step-epochs", "for step: epochs from one drop to the next", 30, 1, 1_000_000);
    private readonly Option<double> _gamma = CommandOptions.Number("--gamma", "for step, multi-step and plateau: factor of a drop", 0.1, 1e-9, 1);
    private readonly Option<int> _patience = CommandOptions.Integer("--patience", "for plateau: epochs without a better loss that are let pass", 10, 0, 1_000_000);
    private readonly Option<double> _minimumRate = CommandOptions.Number("--minimum-rate", "for cosine: learning rate at the end", 0, 0, 1e6);
    private readonly Option<long> _warmup = CommandOptions.Integer("--warmup-steps", "steps over which the rate rises from 0", 0L, 0, 1_000_000_000);
    private readonly Option<double> _momentum = CommandOptions.Number("--momentum", "share of the last update that is kept", 0.9, 0, 0.9999);
    private readonly Option<double?> _weightDecay = CommandOptions.OptionalNumber("--weight-decay", "weight decay [0.004 for cifar10-*, else 0.0005]", 0, 1e3);
    private readonly Option<double?> _clipNorm = CommandOptions.OptionalNumber("--clip-norm", "largest norm of all gradients together; 0: no bound [0 for cifar10-*, else 5]", 0, 1e9);
    private readonly Option<double> _labelSmoothing = CommandOptions.Number("--label-smoothing", "share of the target spread over all classes", 0, 0, 0.99);
    private readonly Option<ulong> _seed = CommandOptions.Integer<ulong>("--seed", "key of all random numbers", 0, 0, ulong.MaxValue);
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<long> _cache = CommandOptions.Integer("--cache", "megabytes of memory for decoded images of training and validation together", 2000L, 0, 1L << 30);
    private readonly Option<int> _checkpointEpochs = CommandOptions.Integer("--checkpoint-epochs", "epochs from one checkpoint to the next", 1, 1, 1_000_000);
    private readonly Option<int> _checkpointSteps = CommandOptions.Integer("--checkpoint-steps", "also write a checkpoint every so many steps; 0: only after epochs", 0, 0, int.MaxValue);

    public TrainCommand()
        : base("train", "Train a network on your images, and keep checkpoints, metrics and curves in a run folder.")
    {
        Add(_data);
        foreach (Option option in AllOptions())
            Add(option);
        Validators.Add(result =>
        {
            if (result.GetResult(_out) is null)
                result.AddError("--out FOLDER is missing: the folder that the run is kept in");
            else if (!result.GetValue(_resume) && result.GetValue(_data) is null)
                result.AddError("DATA is missing: the folder with the images");
            else if (Contradiction(result) is { } contradiction)
                result.AddError(contradiction);
        });
    }

    /// <summary>Options that exclude each other, and options that would do nothing.</summary>
    private string? Contradiction(CommandResult result)
    {
        bool Has(Option option) => result.GetResult(option) is { Implicit: false };
        if (Has(_val) && Has(_valSplit))
            return "--val and --val-split exclude each other; give one of them";
        if (Has(_randomResizedCrop) && (Has(_randomCrop) || Has(_cropPadding)))
            return "--random-resized-crop takes the place of --random-crop and --crop-padding; leave one of them out";
        if (result.GetValue(_resize) == "none" && Has(_resizeTo))
            return "--resize none takes images as they are, so --resize-to would do nothing; leave one of them out";
        if (result.GetValue(_resume))
            return null;
        // Not its value: that of a word that is none throws, and the parser's own line about it says more.
        string schedule = result.GetResult(_schedule) is { Implicit: false, Tokens: [var word] } ? word.Value : "constant";
        foreach ((Option option, string[] schedules) in ((Option, string[])[])
            [(_milestones, ["multi-step"]), (_stepEpochs, ["step"]), (_gamma, ["step", "multi-step", "plateau"]), (_patience, ["plateau"]), (_minimumRate, ["cosine"])])
            if (Has(option) && !schedules.Contains(schedule))
                return $"{option.Name} is for --schedule {string.Join(" or ", schedules)}, but the schedule is {schedule}";
        return schedule == "multi-step" && !Has(_milestones) ? "--schedule multi-step needs --milestones, such as --milestones 120,130" : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet train images --out runs/first --epochs 20                   one folder a class in images/train and images/val",
        "alexnet train images --out runs/flip --flip --val-split 0.1         mirrored at random, a tenth to validate on",
        "alexnet train cifar10 --out runs/quick --network cifar10-quick        a small network, with the settings it was published with",
        "alexnet train --out runs/first --resume                               continue where it was interrupted",
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

    private IEnumerable<Option> AllOptions() =>
    [
        _out, _resume, _val, _valSplit, _skipBad, _network, _imageSize, _initial, _normalize, _resize, _resizeTo, _randomCrop, _cropPadding,
        _randomResizedCrop, _flip, _colorPca, _epochs, _validationEpochs, _batchSize, _microBatch, _learningRate, _schedule, _milestones, _stepEpochs, _gamma, _patience,
        _minimumRate, _warmup, _momentum, _weightDecay, _clipNorm, _labelSmoothing, _seed, _threads, _cache, _checkpointEpochs, _checkpointSteps,
    ];

    /// <summary>The settings of the run itself; only what does not change the result up to where it stands may be given anew.</summary>
    private TrainSettings Continued(CommandContext context, string run)
    {
        Option[] allowed = [_out, _resume, _epochs, _threads, _cache, _checkpointEpochs, _checkpointSteps];
        if (AllOptions().Except(allowed).FirstOrDefault(context.Has) is { } other)
            throw new UsageException(
                $"{other.Name} cannot change in a run that continues: its settings stand in {TrainSettings.PathOf(run)}; only {string.Join(", ", allowed.Skip(2).Select(o => o.Name))} and DATA can");
        TrainSettings settings = TrainSettings.Load(run);
        if (context.Get(_data) is null && !Directory.Exists(settings.Data))
            throw new DirectoryNotFoundException($"{settings.Data}: no such folder, but {TrainSettings.PathOf(run)} names it; if the images have moved, give their place as DATA");
        return settings with
        {
            Data = FullPath(context.Get(_data)) ?? settings.Data,
            Epochs = context.Has(_epochs) ? context.Get(_epochs) : settings.Epochs,
            Threads = context.Has(_threads) ? context.Get(_threads) : settings.Threads,
            CacheMegabytes = context.Has(_cache) ? context.Get(_cache) : settings.CacheMegabytes,
            CheckpointEpochs = context.Has(_checkpointEpochs) ? context.Get(_checkpointEpochs) : settings.CheckpointEpochs,
            CheckpointSteps = context.Has(_checkpointSteps) ? context.Get(_checkpointSteps) : settings.CheckpointSteps,
        };
    }

    private TrainSettings Fresh(CommandContext context)
    {
        string network = context.Get(_network), normalize = context.Get(_normalize), initial = context.Get(_initial);
        bool small = TrainSettings.IsCudaConvnet(network);
        var settings = new TrainSettings
        {
            Data = FullPath(context.Get(_data))!,
            ValidationPath = FullPath(context.Get(_val)),
            ValidationSplit = context.Get(_valSplit) is > 0 and var split ? split : null,
            SkipBad = context.Get(_skipBad),
            Network = network,
            ImageSize = context.Get(_imageSize),
            Initial = initial != "auto" ? initial : small ? "network" : "he",
            Normalize = normalize != "auto" ? normalize : small ? "pixel" : "channel",
            Resize = context.Get(_resize),
            ResizeTo = context.Get(_resizeTo),
            RandomCrop = context.Get(_randomCrop),
            CropPadding = context.Get(_cropPadding),
            RandomResizedCrop = context.Get(_randomResizedCrop),
            Flip = context.Get(_flip),
            ColorPca = context.Get(_colorPca),
            Epochs = context.Get(_epochs),
            ValidationEpochs = context.Get(_validationEpochs),
            BatchSize = context.Get(_batchSize),
            MicroBatch = context.Get(_microBatch),
            LearningRate = context.Get(_learningRate) ?? (small ? 0.001 : 0.01),
            Schedule = context.Get(_schedule),
            Milestones = Milestones(context.Get(_milestones)),
            StepEpochs = context.Get(_stepEpochs),
            Gamma = context.Get(_gamma),
            Patience = context.Get(_patience),
            MinimumRate = context.Get(_minimumRate),
            WarmupSteps = context.Get(_warmup),
            Momentum = context.Get(_momentum),
            WeightDecay = context.Get(_weightDecay) ?? (small ? 0.004 : 0.0005),
            ClipNorm = context.Get(_clipNorm) ?? (small ? 0 : 5),
            LabelSmoothing = context.Get(_labelSmoothing),
            Seed = context.Get(_seed),
            Threads = context.Get(_threads),
            CacheMegabytes = context.Get(_cache),
            CheckpointEpochs = context.Get(_checkpointEpochs),
            CheckpointSteps = context.Get(_checkpointSteps),
            Version = VersionLine.Version,
        };
        return settings.Pointless is { } pointless ? throw new UsageException(pointless) : settings;
    }

    /// <summary>The run may be continued from another folder.</summary>
    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private static int[] Milestones(string text)
    {
        if (text.Length == 0)
            return [];
        string[] parts = text.Split(',');
        var epochs = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out epochs[i]))
                throw new UsageException($"--milestones must be whole numbers with commas between them, such as 120,130, but is '{text}'");
        return epochs;
    }

    private static ChoiceOption<string> Words(string name, string description, string? helpName, params string[] words) =>
        new(name, description, helpName, [.. words.Select(word => (word, word))]);
}
