using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Runs;

/// <summary>
/// The settings of a run, each declared once: name, help, limits, property, whether it may change when a run continues, and what it
/// depends on. The options of <c>alexnet train</c>, their checks, and the fields of <c>config.json</c> are derived from it.
/// </summary>
internal static class TrainOptions
{
    private const int MostEpochs = 1_000_000;

    /// <summary>All settings.</summary>
    public static IReadOnlyList<TrainSetting> All { get; } = Declare();

    /// <summary>
    /// Creates all settings in the order of the help, with their own options, for a command. The network comes first because the defaults
    /// of others depend on it.
    /// </summary>
    public static IReadOnlyList<TrainSetting> Declare() =>
    [
        new TrainSetting<string>(CommandOptions.NetworkRule, s => s.Network, (s, v) => s.WithNetwork(v))
        {
            Name = "--network", Help = CommandOptions.NetworkDescription,
        },
        new TrainSetting<string?>(ValueRule.Path("MODEL"), s => s.From, (s, v) => s.WithModel(Path.GetFullPath(v!)))
        {
            Name = "--from",
            Help = "model to fine-tune: any file that classify reads, or a run folder; network, image size and normalization come from it",
            Excludes = ["--network", "--image-size", "--initial", "--normalize", "--resize", "--resize-to"],
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.NewHead, (s, v) => s with { NewHead = v })
        {
            Name = "--new-head", Help = "reinitialize the last layer even if the classes match the model's", OnlyWith = ("--from", []),
        },
        new TrainSetting<string?>(ValueRule.Text("LAYER").As(v => (string?)v), s => s.Freeze, (s, v) => s with { Freeze = v })
        {
            Name = "--freeze",
            Help = FormattableString.Invariant(
                $"freeze the layers up to and including this one; or conv, all-but-last, none [all-but-last for up to {StartingModel.FewImages} images without augmentation, else conv]"),
            OnlyWith = ("--from", []),
        },
        new TrainSetting<string?>(ValueRule.Factors.As(v => (string?)v), s => s.Rates, (s, v) => s with { Rates = v })
        {
            Name = "--rate", Help = "learning rate factors by layer, such as fc6=0.1,fc7=0.1", FieldName = "rates", OnlyWith = ("--from", []),
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.NewLayerRate, (s, v) => s with { NewLayerRate = v })
        {
            Name = "--new-layer-rate", Help = "learning rate factor of the new last layer when other layers learn too", OnlyWith = ("--from", []),
        },
        new TrainSetting<string>(ValueRule.Words(null, "sgd", "adamw"), s => s.Optimizer, (s, v) => s with { Optimizer = v })
        {
            Name = "--optimizer", Help = "SGD with momentum, or AdamW (as in PyTorch)",
        },
        new TrainSetting<string>(ValueRule.Words(null, "none", "balanced", "auto"), s => s.ClassWeights, (s, v) => s with { ClassWeights = v })
        {
            Name = "--class-weights",
            Help = "balanced: every class counts the same, however few images it has; auto: balanced if one class has over 1.5 times the images of another",
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.StopPatience, (s, v) => s with { StopPatience = v })
        {
            Name = "--patience", FieldName = "stop_patience", MayChange = true,
            Help = "stop after this many validations without a better loss; 0: never",
        },
        new TrainSetting<string?>(ValueRule.Path("FOLDER"), s => s.ValidationPath, (s, v) => s with { ValidationPath = Path.GetFullPath(v!) })
        {
            Name = "--val", Help = "folder with the validation images", FieldName = "validation_path", Excludes = ["--val-split"],
        },
        new TrainSetting<double?>(ValueRule.Number(0, 0.99).As(v => (double?)v), s => s.ValidationSplit, (s, v) => s with { ValidationSplit = v > 0 ? v : null })
        {
            Name = "--val-split", Help = "fraction of the training images, drawn from each class, to hold out for validation", Default = "with --from 0.2 if there are no validation images; else 0", FieldName = "validation_split",
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.SkipBad, (s, v) => s with { SkipBad = v })
        {
            Name = "--skip-bad", Help = CommandOptions.SkipBadDescription,
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.Strict, (s, v) => s with { Strict = v })
        {
            Name = "--strict", Help = ImageInput.StrictDescription,
        },
        new TrainSetting<int?>(ImageInput.MaxPixelsRule, s => s.MaxPixels, (s, v) => s with { MaxPixels = v })
        {
            Name = "--max-pixels", Help = ImageInput.MaxPixelsDescription,
        },
        new TrainSetting<int?>(CommandOptions.ImageSizeRule, s => s.ImageSize, (s, v) => s with { ImageSize = v })
        {
            Name = "--image-size",
            Help = "height and width of the input images [the network's own size; for cifar10-*, the size that all images share if it is at most 64, else 32]",
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "network", "notebook", "paper", "he"), s => s.Initial, (s, v) => v == "auto" ? s : s with { Initial = v })
        {
            Name = "--initial",
            Help = "weight initialization: the network's own, the notebook's (made for timing), the 2012 paper's, or He",
            ByNetwork = n => TrainingRecipe.For(n).Initial,
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "pixel", "channel", "none"), s => s.Normalize, (s, v) => v == "auto" ? s : s with { Normalize = v })
        {
            Name = "--normalize",
            Help = "pixel: subtract the mean image; channel: subtract each channel's mean and divide by its standard deviation; none: scale to 0..1",
            ByNetwork = n => TrainingRecipe.For(n).Normalize,
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "shorter", "square", "none"), s => s.Resize, (s, v) => s with { Resize = v })
        {
            Name = "--resize", Help = "how images are resized before the crop", ByNetwork = ImageSizes.ResizeOf,
        },
        new TrainSetting<int?>(ValueRule.Integer(1, 8192).As(v => (int?)v), s => s.ResizeTo, (s, v) => s with { ResizeTo = v })
        {
            Name = "--resize-to",
            Help = "size before the crop [the image size for cifar10-* or if all images have it, else 256/224 of it]",
            OnlyWith = ("--resize", ["auto", "shorter", "square"]),
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.RandomCrop, (s, v) => s with { RandomCrop = v })
        {
            Name = "--random-crop", Help = "random crop",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 4096), s => s.CropPadding, (s, v) => s with { CropPadding = v })
        {
            Name = "--crop-padding", Help = "pixels of padding around the image before the random crop",
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.RandomResizedCrop, (s, v) => s with { RandomResizedCrop = v })
        {
            Name = "--random-resized-crop", Help = "random position, size and aspect ratio of the crop (as torchvision's RandomResizedCrop)", Excludes = ["--random-crop", "--crop-padding"],
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.Flip, (s, v) => s with { Flip = v })
        {
            Name = "--flip", Help = "random horizontal flip",
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.ColorPca, (s, v) => s with { ColorPca = v })
        {
            Name = "--color-pca", Help = "shift colors along their principal components, as in the 2012 paper",
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.Epochs, (s, v) => s with { Epochs = v })
        {
            Name = "--epochs", Help = "total number of epochs", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.ValidationEpochs, (s, v) => s with { ValidationEpochs = v })
        {
            Name = "--validation-epochs", Help = "validate every N epochs, and always after the last",
        },
        new TrainSetting<int>(CommandOptions.BatchSizeRule, s => s.BatchSize, (s, v) => s with { BatchSize = v })
        {
            Name = "--batch-size", Help = "images per step",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 1 << 20), s => s.MicroBatch, (s, v) => s with { MicroBatch = v })
        {
            Name = "--micro-batch", Help = "images to compute at once, to save memory; 0: the whole batch",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 1 << 20), s => s.PartSize, (s, v) => s with { PartSize = v })
        {
            Name = "--part-size",
            Help = "sum the gradients of parts of N images in a fixed order, for bitwise identical results with any number of processes; 0: all images at once",
            Default = "under mpirun a quarter of a step, at most 32; else 0",
            Excludes = ["--micro-batch"],
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "dense", "factors"), s => s.Exchange, (s, v) => s with { Exchange = v })
        {
            Name = "--exchange",
            Help = "what processes exchange for fully connected layers: gradients, or the inputs and output gradients that they are computed from; auto: whichever is faster",
            MayChange = true,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.LearningRate, (s, v) => s with { LearningRate = v })
        {
            Name = "--learning-rate", Help = "learning rate; with --from, 0: chosen from the features, or 0.001 where these are not kept", ByNetwork = n => TrainingRecipe.For(n).LearningRate,
        },
        new TrainSetting<string>(
            ValueRule.Words(null, "constant", "step", "multi-step", "cosine", "plateau"), s => s.Schedule, (s, v) => s with { Schedule = v })
        {
            Name = "--schedule", Help = "learning rate schedule",
        },
        new TrainSetting<IReadOnlyList<int>>(ValueRule.IntegerList, s => s.Milestones, (s, v) => s with { Milestones = v })
        {
            Name = "--milestones", Help = "epochs after which the rate drops, such as 120,130", OnlyWith = ("--schedule", ["multi-step"]),
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.StepEpochs, (s, v) => s with { StepEpochs = v })
        {
            Name = "--step-epochs", Help = "epochs between drops", OnlyWith = ("--schedule", ["step"]),
        },
        new TrainSetting<double>(ValueRule.Number(1e-9, 1), s => s.Gamma, (s, v) => s with { Gamma = v })
        {
            Name = "--gamma", Help = "factor by which the rate drops", OnlyWith = ("--schedule", ["step", "multi-step", "plateau"]),
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.Patience, (s, v) => s with { Patience = v })
        {
            Name = "--plateau-patience", FieldName = "patience", Help = "epochs without improvement before the rate drops", OnlyWith = ("--schedule", ["plateau"]),
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.MinimumRate, (s, v) => s with { MinimumRate = v })
        {
            Name = "--minimum-rate", Help = "final learning rate", OnlyWith = ("--schedule", ["cosine"]),
        },
        new TrainSetting<long>(ValueRule.Integer(0L, 1_000_000_000), s => s.WarmupSteps, (s, v) => s with { WarmupSteps = v })
        {
            Name = "--warmup-steps", Help = "steps of linear warm-up",
        },
        new TrainSetting<double>(ValueRule.Number(0, 0.9999), s => s.Momentum, (s, v) => s with { Momentum = v })
        {
            Name = "--momentum", Help = "momentum", ByNetwork = n => TrainingRecipe.For(n).Momentum,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e3), s => s.WeightDecay, (s, v) => s with { WeightDecay = v })
        {
            Name = "--weight-decay", Help = "weight decay", ByNetwork = n => TrainingRecipe.For(n).WeightDecay,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e9), s => s.ClipNorm, (s, v) => s with { ClipNorm = v })
        {
            Name = "--clip-norm", Help = "clip the global gradient norm to this; 0: no clipping", ByNetwork = n => TrainingRecipe.For(n).ClipNorm,
        },
        new TrainSetting<double>(ValueRule.Number(0, 0.99), s => s.LabelSmoothing, (s, v) => s with { LabelSmoothing = v })
        {
            Name = "--label-smoothing", Help = "label smoothing: fraction of the target spread over all classes",
        },
        new TrainSetting<ulong>(CommandOptions.SeedRule, s => s.Seed, (s, v) => s with { Seed = v })
        {
            Name = "--seed", Help = CommandOptions.SeedDescription,
        },
        new TrainSetting<int>(CommandOptions.ThreadsRule, s => s.Threads, (s, v) => s with { Threads = v })
        {
            Name = "--threads", Help = CommandOptions.ThreadsDescription, MayChange = true,
        },
        new TrainSetting<long>(ValueRule.Integer(0L, 1L << 30), s => s.CacheMegabytes, (s, v) => s with { CacheMegabytes = v })
        {
            Name = "--cache", Help = "memory in megabytes for caching decoded images or features", FieldName = "cache_megabytes", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.CheckpointEpochs, (s, v) => s with { CheckpointEpochs = v })
        {
            Name = "--checkpoint-epochs", Help = "write a checkpoint every N epochs", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(0, int.MaxValue), s => s.CheckpointSteps, (s, v) => s with { CheckpointSteps = v })
        {
            Name = "--checkpoint-steps", Help = "also write a checkpoint every N steps; 0: only after epochs", MayChange = true,
        },
    ];

    /// <summary>Applies the command line to the settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="declared">The settings that <see cref="Declare"/> created for the command.</param>
    /// <param name="context">The command line.</param>
    /// <exception cref="UsageException">Options cannot be combined, or would have no effect.</exception>
    public static TrainSettings Take(TrainSettings settings, IReadOnlyList<TrainSetting> declared, CommandContext context)
    {
        TrainSetting[] given = [.. declared.Where(setting => context.Has(setting.Option))];
        foreach (TrainSetting setting in given)
            if (setting.Excludes.FirstOrDefault(name => given.Any(other => other.Name == name)) is { } excluded)
                throw new UsageException($"{setting.Name} and {excluded} cannot be combined; use only one of them");
        foreach (TrainSetting setting in given)
            settings = setting.Take(settings, context);
        foreach (TrainSetting setting in given)
            if (setting.OnlyWith is var (name, words))
            {
                TrainSetting other = declared.First(s => s.Name == name);
                if (words.Length == 0 && !given.Contains(other))
                    throw new UsageException($"{setting.Name} requires {name}; specify both");
                if (words.Length > 0 && !words.Contains(other.Text(settings)))
                    throw new UsageException($"{setting.Name} is for {name} {ValueRule.OneOf(words)}, but the {name[2..]} is {other.Text(settings)}");
            }
        return settings;
    }
}
