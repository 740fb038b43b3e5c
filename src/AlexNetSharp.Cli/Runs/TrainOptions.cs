using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Runs;

/// <summary>
/// The settings of a training, each declared once: name, help, limits, property, whether it may change when a run continues, and what it
/// depends on. The options of <c>alexnet train</c>, their checks, and the fields of <c>config.json</c> follow from it.
/// </summary>
internal static class TrainOptions
{
    private const int MostEpochs = 1_000_000;

    /// <summary>All settings.</summary>
    public static IReadOnlyList<TrainSetting> All { get; } = Declare();

    /// <summary>
    /// All settings in the order of the help, with options of their own, for a command. The network is the first: it decides about defaults
    /// of others.
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
            Help = "fine-tune this model: any file that classify reads, or a run folder; network, image size and normalization come from it",
            Excludes = ["--network", "--image-size", "--initial", "--normalize", "--resize", "--resize-to"],
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.NewHead, (s, v) => s with { NewHead = v })
        {
            Name = "--new-head", Help = "begin the last layer anew even if the classes are those of the model", OnlyWith = ("--from", []),
        },
        new TrainSetting<string?>(ValueRule.Text("LAYER").As(v => (string?)v), s => s.Freeze, (s, v) => s with { Freeze = v })
        {
            Name = "--freeze",
            Help = FormattableString.Invariant(
                $"layers up to this one keep their weights; or conv, all-but-last, none [all-but-last for up to {StartingModel.FewImages} images that are not changed at random, else conv]"),
            OnlyWith = ("--from", []),
        },
        new TrainSetting<string?>(ValueRule.Factors.As(v => (string?)v), s => s.Rates, (s, v) => s with { Rates = v })
        {
            Name = "--rate", Help = "factors on the learning rate by layer, such as fc6=0.1,fc7=0.1", FieldName = "rates", OnlyWith = ("--from", []),
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.NewLayerRate, (s, v) => s with { NewLayerRate = v })
        {
            Name = "--new-layer-rate", Help = "factor on the learning rate of the new last layer, where others learn too", OnlyWith = ("--from", []),
        },
        new TrainSetting<string>(ValueRule.Words(null, "sgd", "adamw"), s => s.Optimizer, (s, v) => s with { Optimizer = v })
        {
            Name = "--optimizer", Help = "SGD with momentum, or AdamW as PyTorch defines it",
        },
        new TrainSetting<string>(ValueRule.Words(null, "none", "balanced", "auto"), s => s.ClassWeights, (s, v) => s with { ClassWeights = v })
        {
            Name = "--class-weights",
            Help = "balanced: classes with few images count as much as others; auto: balanced if one has half again as many as another [auto with --from, else none]",
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.StopPatience, (s, v) => s with { StopPatience = v })
        {
            Name = "--patience", FieldName = "stop_patience", MayChange = true,
            Help = "end when the loss (of the validation images, where there are any) has not become better for so many validations; 0: never [10 with --from, else 0]",
        },
        new TrainSetting<string?>(ValueRule.Path("FOLDER"), s => s.ValidationPath, (s, v) => s with { ValidationPath = Path.GetFullPath(v!) })
        {
            Name = "--val", Help = "folder with the validation images", FieldName = "validation_path", Excludes = ["--val-split"],
        },
        new TrainSetting<double?>(ValueRule.Number(0, 0.99).As(v => (double?)v), s => s.ValidationSplit, (s, v) => s with { ValidationSplit = v > 0 ? v : null })
        {
            Name = "--val-split", Help = "share of the training images to validate on, drawn from each class", FieldName = "validation_split",
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
            Help = "height and width of the images [what the network was made for; for cifar10-* what all images have up to 64, else 32]",
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "network", "notebook", "paper", "he"), s => s.Initial, (s, v) => v == "auto" ? s : s with { Initial = v })
        {
            Name = "--initial",
            Help = "initial values: the network's own, the notebook's (made for timing), those of the 2012 paper, or He's",
            ByNetwork = n => TrainingRecipe.For(n).Initial,
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "pixel", "channel", "none"), s => s.Normalize, (s, v) => v == "auto" ? s : s with { Normalize = v })
        {
            Name = "--normalize",
            Help = "pixel: minus the mean image; channel: minus the mean and divided by the standard deviation of each channel; none: 0 to 1",
            ByNetwork = n => TrainingRecipe.For(n).Normalize,
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "shorter", "square", "none"), s => s.Resize, (s, v) => s with { Resize = v })
        {
            Name = "--resize", Help = "how images are brought to size before the crop", ByNetwork = ImageSizes.ResizeOf,
        },
        new TrainSetting<int?>(ValueRule.Integer(1, 8192).As(v => (int?)v), s => s.ResizeTo, (s, v) => s with { ResizeTo = v })
        {
            Name = "--resize-to",
            Help = "size before the crop [the image size for cifar10-* and where all images have it, else 256/224 of it]",
            OnlyWith = ("--resize", ["auto", "shorter", "square"]),
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.RandomCrop, (s, v) => s with { RandomCrop = v })
        {
            Name = "--random-crop", Help = "crop at a random place",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 4096), s => s.CropPadding, (s, v) => s with { CropPadding = v })
        {
            Name = "--crop-padding", Help = "let the random crop reach beyond the edges by so many pixels",
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.RandomResizedCrop, (s, v) => s with { RandomResizedCrop = v })
        {
            Name = "--random-resized-crop", Help = "crop of random place, size and proportion", Excludes = ["--random-crop", "--crop-padding"],
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.Flip, (s, v) => s with { Flip = v })
        {
            Name = "--flip", Help = "mirror half of the images",
        },
        new TrainSetting<bool>(ValueRule.Switch, s => s.ColorPca, (s, v) => s with { ColorPca = v })
        {
            Name = "--color-pca", Help = "shift colors along their principal components, as the 2012 paper does",
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.Epochs, (s, v) => s with { Epochs = v })
        {
            Name = "--epochs", Help = "epochs in all", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.ValidationEpochs, (s, v) => s with { ValidationEpochs = v })
        {
            Name = "--validation-epochs", Help = "epochs from one validation to the next; the last epoch always has one",
        },
        new TrainSetting<int>(CommandOptions.BatchSizeRule, s => s.BatchSize, (s, v) => s with { BatchSize = v })
        {
            Name = "--batch-size", Help = "images of a step",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 1 << 20), s => s.MicroBatch, (s, v) => s with { MicroBatch = v })
        {
            Name = "--micro-batch", Help = "images computed at once, to save memory; 0: all of a step",
        },
        new TrainSetting<int>(ValueRule.Integer(0, 1 << 20), s => s.PartSize, (s, v) => s with { PartSize = v })
        {
            Name = "--part-size",
            Help = "add the gradients of parts of so many images in a fixed order, for the same bits with any number of processes; 0: of all images at once [under mpirun a quarter of a step, at most 32; else 0]",
            Excludes = ["--micro-batch"],
        },
        new TrainSetting<string>(ValueRule.Words(null, "auto", "dense", "factors"), s => s.Exchange, (s, v) => s with { Exchange = v })
        {
            Name = "--exchange",
            Help = "what travels between processes for fully connected layers: gradients, or the inputs and output gradients that they are made of; auto: what takes less time",
            MayChange = true,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.LearningRate, (s, v) => s with { LearningRate = v })
        {
            Name = "--learning-rate", Help = "learning rate; 0 with --from: found from the features [0 with --from]", ByNetwork = n => TrainingRecipe.For(n).LearningRate,
        },
        new TrainSetting<string>(
            ValueRule.Words(null, "constant", "step", "multi-step", "cosine", "plateau"), s => s.Schedule, (s, v) => s with { Schedule = v })
        {
            Name = "--schedule", Help = "learning rate over the epochs",
        },
        new TrainSetting<IReadOnlyList<int>>(ValueRule.IntegerList, s => s.Milestones, (s, v) => s with { Milestones = v })
        {
            Name = "--milestones", Help = "epochs done when the rate drops, such as 120,130", OnlyWith = ("--schedule", ["multi-step"]),
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.StepEpochs, (s, v) => s with { StepEpochs = v })
        {
            Name = "--step-epochs", Help = "epochs from one drop to the next", OnlyWith = ("--schedule", ["step"]),
        },
        new TrainSetting<double>(ValueRule.Number(1e-9, 1), s => s.Gamma, (s, v) => s with { Gamma = v })
        {
            Name = "--gamma", Help = "factor of a drop", OnlyWith = ("--schedule", ["step", "multi-step", "plateau"]),
        },
        new TrainSetting<int>(ValueRule.Integer(0, MostEpochs), s => s.Patience, (s, v) => s with { Patience = v })
        {
            Name = "--plateau-patience", FieldName = "patience", Help = "epochs without a better loss before the rate drops", OnlyWith = ("--schedule", ["plateau"]),
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e6), s => s.MinimumRate, (s, v) => s with { MinimumRate = v })
        {
            Name = "--minimum-rate", Help = "learning rate at the end", OnlyWith = ("--schedule", ["cosine"]),
        },
        new TrainSetting<long>(ValueRule.Integer(0L, 1_000_000_000), s => s.WarmupSteps, (s, v) => s with { WarmupSteps = v })
        {
            Name = "--warmup-steps", Help = "steps over which the rate rises from 0",
        },
        new TrainSetting<double>(ValueRule.Number(0, 0.9999), s => s.Momentum, (s, v) => s with { Momentum = v })
        {
            Name = "--momentum", Help = "share of the last update that is kept", ByNetwork = n => TrainingRecipe.For(n).Momentum,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e3), s => s.WeightDecay, (s, v) => s with { WeightDecay = v })
        {
            Name = "--weight-decay", Help = "weight decay", ByNetwork = n => TrainingRecipe.For(n).WeightDecay,
        },
        new TrainSetting<double>(ValueRule.Number(0, 1e9), s => s.ClipNorm, (s, v) => s with { ClipNorm = v })
        {
            Name = "--clip-norm", Help = "largest norm of all gradients together; 0: no bound", ByNetwork = n => TrainingRecipe.For(n).ClipNorm,
        },
        new TrainSetting<double>(ValueRule.Number(0, 0.99), s => s.LabelSmoothing, (s, v) => s with { LabelSmoothing = v })
        {
            Name = "--label-smoothing", Help = "share of the target spread over all classes",
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
            Name = "--cache", Help = "megabytes of memory for decoded images of training and validation together", FieldName = "cache_megabytes", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(1, MostEpochs), s => s.CheckpointEpochs, (s, v) => s with { CheckpointEpochs = v })
        {
            Name = "--checkpoint-epochs", Help = "epochs from one checkpoint to the next", MayChange = true,
        },
        new TrainSetting<int>(ValueRule.Integer(0, int.MaxValue), s => s.CheckpointSteps, (s, v) => s with { CheckpointSteps = v })
        {
            Name = "--checkpoint-steps", Help = "also write a checkpoint every so many steps; 0: only after epochs", MayChange = true,
        },
    ];

    /// <summary>The settings with what the command line gives.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="declared">What <see cref="Declare"/> made for the command.</param>
    /// <param name="context">The command line.</param>
    /// <exception cref="UsageException">Options exclude each other, or would do nothing.</exception>
    public static TrainSettings Take(TrainSettings settings, IReadOnlyList<TrainSetting> declared, CommandContext context)
    {
        TrainSetting[] given = [.. declared.Where(setting => context.Has(setting.Option))];
        foreach (TrainSetting setting in given)
            if (setting.Excludes.FirstOrDefault(name => given.Any(other => other.Name == name)) is { } excluded)
                throw new UsageException($"{setting.Name} and {excluded} exclude each other; give one of them");
        foreach (TrainSetting setting in given)
            settings = setting.Take(settings, context);
        foreach (TrainSetting setting in given)
            if (setting.OnlyWith is var (name, words))
            {
                TrainSetting other = declared.First(s => s.Name == name);
                if (words.Length == 0 && !given.Contains(other))
                    throw new UsageException($"{setting.Name} is for {name}; give that too");
                if (words.Length > 0 && !words.Contains(other.Text(settings)))
                    throw new UsageException($"{setting.Name} is for {name} {ValueRule.OneOf(words)}, but the {name[2..]} is {other.Text(settings)}");
            }
        return settings;
    }
}
