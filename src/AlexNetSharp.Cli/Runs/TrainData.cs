using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The images of a training: opened, checked, kept in memory where they fit, with preprocessing and augmentation.</summary>
/// <param name="Training">What to learn from.</param>
/// <param name="Validation">What to validate on, or null.</param>
/// <param name="Preprocessing">From an image to the network's input.</param>
/// <param name="Augmentation">Random changes, or null.</param>
internal sealed record TrainData(
    IImageDataset Training, IImageDataset? Validation, Preprocessing Preprocessing, Augmentation? Augmentation)
{
    /// <summary>The share of the images that was taken to validate on; null where there are validation images, or none is taken.</summary>
    public double? ValidationSplit { get; init; }

    /// <summary>Pixels of the largest image; 0 if they are not known.</summary>
    public long LargestPixels { get; init; }

    /// <summary>What is kept of the decoded images, those to train on first.</summary>
    public IReadOnlyList<CachedImages> Caches { get; init; } = [];

    /// <summary>Memory that decoded images take, in bytes.</summary>
    public long CachedBytes => Caches.Sum(cache => cache.Bytes);

    /// <summary>Leaves so many bytes to decoded images.</summary>
    public void Shrink(long bytes)
    {
        foreach (CachedImages cache in Caches)
        {
            cache.Shrink(bytes);
            bytes -= cache.Bytes;
        }
    }

    /// <summary>Share of the images that fine-tuning validates on where there are no validation images.</summary>
    private const double AutomaticSplit = 0.2;

    /// <summary>Images that cannot be read of which each has a line before the command ends.</summary>
    private const int MostListed = 20;

    /// <summary>Opens and checks the images.</summary>
    /// <param name="settings">What the command line asks for.</param>
    /// <param name="context">For progress, notes and cancellation.</param>
    /// <param name="stored">The preprocessing of a training that continues; null to make it from the training images.</param>
    /// <exception cref="InvalidDataException">The dataset, or an image in it, cannot be read.</exception>
    public static TrainData Open(TrainSettings settings, CommandContext context, Preprocessing? stored)
    {
        int threads = Environment.ProcessorCount;
        IImageDecoder decoder = ImageInput.Decoder(context, settings.MaxPixels, settings.Strict);
        DatasetPair pair = DatasetReader.Open(settings.Data, Options(settings, decoder));
        foreach (string note in pair.Notes)
            context.Note(note);
        double? split = settings.ValidationSplit;
        if (settings.From is not null && pair.Validation is null)
        {
            // Whoever fine-tunes on a few photographs wants to know how good the result is on others.
            split = AutomaticSplit;
            pair = DatasetReader.Open(settings.Data, Options(settings with { ValidationSplit = split }, decoder));
            context.Note(FormattableString.Invariant($"no validation images: holding out {100 * AutomaticSplit:0} % of each class (--val or --val-split to choose)"));
        }
        // Half of what there is: how much the training itself needs is known when the sizes of all images are.
        long cache = Math.Min(settings.CacheMegabytes << 20, SystemMemory.AvailableBytes / 2);
        if (pair.Train.Classes.Count < 2)
            throw new InvalidDataException(
                $"{settings.Data}: only one class ('{string.Join(null, pair.Train.Classes)}'); DATA must hold a folder for each class, or train/ and val/ with those inside");
        var caches = new List<CachedImages>();
        IImageDataset Keep(IImageDataset images, long bytes)
        {
            IImageDataset kept = Cached(images, bytes);
            if (kept is CachedImages cached)
                caches.Add(cached);
            return kept;
        }
        IImageDataset kept = Keep(pair.Train, cache);
        (IImageDataset training, ImageSizeRange sizes) = Check(kept, "training", settings.SkipBad, context);
        // One memory for both sets; training images are read more often.
        long left = cache - (kept as CachedImages)?.Bytes ?? cache;
        IImageDataset? validation = null;
        if (pair.Validation is not null)
        {
            (validation, ImageSizeRange others) = Check(Keep(pair.Validation, left), "validation", settings.SkipBad, context);
            sizes = sizes.Union(others);
        }
        IEnumerable<int> empty = Enumerable.Range(0, training.Classes.Count).Except(Enumerable.Range(0, training.Count).Select(training.Label));
        foreach (int label in empty)
            context.Note($"class '{training.Classes[label]}' has no training images: the network will not learn it");
        context.Note(FormattableString.Invariant(
            $"{pair.Description}: {training.Count} training and {validation?.Count ?? 0} validation images of {training.Classes.Count} classes"));

        Preprocessing preprocessing = stored ?? ImageSizes.Of(settings.Network, sizes, settings.ImageSize, settings.Resize, settings.ResizeTo);
        if (settings.ColorPca && stored is null && preprocessing.Channels == 1)
            throw new UsageException($"--color-pca shifts colors, but the images in {settings.Data} are gray; leave it out");
        bool statistics = stored is null && settings.Normalize != "none";
        TrainingStatistics? computed = statistics || settings.ColorPca
            ? TrainingStatistics.Compute(training, preprocessing, threads, Progress(context, "mean", training.Count), context.Cancellation)
            : null;
        if (stored is null && settings.Normalize == "channel" && computed!.ChannelDeviation.ToList().FindIndex(deviation => !(deviation > 0)) is >= 0 and var constant)
            throw new InvalidDataException(
                $"{settings.Data}: the {(preprocessing.Channels == 1 ? "gray" : ((string[])["red", "green", "blue"])[constant])} values are the same in all training images, so --normalize channel cannot divide by their deviation; use --normalize pixel or none");
        if (stored is null)
            preprocessing = settings.Normalize switch
            {
                "pixel" => preprocessing with { Mean = computed!.ElementMean },
                "channel" => preprocessing with { Mean = computed!.ChannelMean, StandardDeviation = computed.ChannelDeviation },
                _ => preprocessing with { Scale = 1f / 255 },
            };
        return new TrainData(training, validation, preprocessing, Changes(settings, settings.ColorPca ? computed!.Colors : null))
        {
            ValidationSplit = split,
            LargestPixels = (long)sizes.MaxHeight * sizes.MaxWidth,
            Caches = caches,
        };
    }

    /// <summary>How to open a run's images.</summary>
    public static DatasetOptions Options(TrainSettings settings, IImageDecoder decoder) => new()
    {
        Decoder = decoder,
        ValidationPath = settings.ValidationPath,
        ValidationSplit = settings.ValidationSplit,
        Seed = settings.Seed,
    };

    /// <summary>The images with a cache in front of them, unless they are in memory already.</summary>
    public static IImageDataset Cached(IImageDataset images, long bytes) => images.InMemory ? images : new CachedImages(images, bytes);

    /// <summary>Reads every image once; unreadable ones end the command, or are left out.</summary>
    /// <returns>The images that can be read, and their sizes.</returns>
    public static (IImageDataset Images, ImageSizeRange Sizes) Check(IImageDataset images, string what, bool skipBad, CommandContext context)
    {
        DatasetCheckResult check = DatasetCheck.Run(
            images, Environment.ProcessorCount, Progress(context, $"checking {what} images", images.Count), context.Cancellation);
        (IReadOnlyList<BadImage> bad, ImageSizeRange? sizes) = (check.Bad, check.Sizes);
        if (bad.Count == 0 && sizes is not null)
            return (images, sizes);
        if (images.Count == 0)
            throw new InvalidDataException($"there are no {what} images");
        if (!skipBad)
        {
            foreach (BadImage image in bad.Take(MostListed))
                context.Note(image.Reason);
            throw new InvalidDataException(FormattableString.Invariant(
                $"{bad.Count} of {images.Count} {what} images cannot be read; the first: {bad[0].Reason} Remove them, or skip them with --skip-bad, which lists them all."));
        }
        foreach (BadImage image in bad)
            context.Note($"skipped: {image.Reason}");
        context.Note(FormattableString.Invariant($"{bad.Count} of {images.Count} {what} images skipped"));
        if (sizes is null)
            throw new InvalidDataException(FormattableString.Invariant($"none of the {images.Count} {what} images can be read; the first: {bad[0].Reason}"));
        return (ImageSubset.Without(images, bad.Select(image => image.Index)), sizes);
    }

    /// <summary>The random changes that the settings ask for; null for none.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="colors">The principal components of the training images' colors, where they are asked for.</param>
    public static Augmentation? Changes(TrainSettings settings, ColorPca? colors)
    {
        var changes = new Augmentation
        {
            RandomCrop = settings.RandomCrop || settings.CropPadding > 0,
            Padding = settings.CropPadding,
            RandomResizedCrop = settings.RandomResizedCrop ? new RandomResizedCrop() : null,
            HorizontalFlip = settings.Flip,
            ColorPca = colors,
        };
        changes.Validate();
        return changes is { RandomCrop: false, RandomResizedCrop: null, HorizontalFlip: false, ColorPca: null } ? null : changes;
    }

    private static Action<int> Progress(CommandContext context, string title, int total)
    {
        // Called from several threads; the line is not made for that.
        var gate = new Lock();
        return done =>
        {
            lock (gate)
                context.Progress.Show(title, done, total);
        };
    }
}
