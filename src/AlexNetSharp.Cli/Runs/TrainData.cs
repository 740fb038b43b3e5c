using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The images of a run: opened, checked, and cached in memory if they fit, with preprocessing and augmentation.</summary>
/// <param name="Training">Training images.</param>
/// <param name="Validation">Validation images, or null.</param>
/// <param name="Preprocessing">Preprocessing from an image to the network's input.</param>
/// <param name="Augmentation">Random augmentation, or null.</param>
internal sealed record TrainData(
    IImageDataset Training, IImageDataset? Validation, Preprocessing Preprocessing, Augmentation? Augmentation)
{
    /// <summary>The fraction of the images held out for validation; null if none is held out.</summary>
    public double? ValidationSplit { get; init; }

    /// <summary>Pixels of the largest image; 0 if unknown.</summary>
    public long LargestPixels { get; init; }

    /// <summary>Caches of decoded images, the training images first.</summary>
    public IReadOnlyList<CachedImages> Caches { get; init; } = [];

    /// <summary>Memory used by decoded images, in bytes.</summary>
    public long CachedBytes => Caches.Sum(cache => cache.Bytes);

    /// <summary>Shrinks the caches to the given number of bytes.</summary>
    public void Shrink(long bytes)
    {
        foreach (CachedImages cache in Caches)
        {
            cache.Shrink(bytes);
            bytes -= cache.Bytes;
        }
    }

    /// <summary>Fraction of the images that fine-tuning holds out if there are no validation images.</summary>
    private const double AutomaticSplit = 0.2;

    /// <summary>Maximum number of unreadable images that are listed before the command ends.</summary>
    private const int MostListed = 20;

    /// <summary>Opens and checks the images.</summary>
    /// <param name="settings">Settings of the run.</param>
    /// <param name="context">For progress, notes and cancellation.</param>
    /// <param name="stored">The preprocessing of a run that continues; null to derive it from the training images.</param>
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
            // Even with a few images, the user of fine-tuning wants to know how well the result generalizes.
            split = AutomaticSplit;
            pair = DatasetReader.Open(settings.Data, Options(settings with { ValidationSplit = split }, decoder));
            context.Note(FormattableString.Invariant($"no validation images: holding out {100 * AutomaticSplit:0} % of each class (--val or --val-split to choose)"));
        }
        // Half of the available memory: the needs of training itself are known only once all image sizes are.
        long cache = Math.Min(settings.CacheMegabytes << 20, SystemMemory.AvailableBytes / 2);
        if (pair.Train.Classes.Count < 2)
            throw new InvalidDataException(
                $"{settings.Data}: only one class ('{string.Join(null, pair.Train.Classes)}'); DATA must contain one folder per class, or train/ and val/ with those inside");
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
        // Both sets share one budget; training images are read more often.
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
            throw new UsageException($"--color-pca shifts colors, but the images in {settings.Data} are gray; remove it");
        bool statistics = stored is null && settings.Normalize != "none";
        TrainingStatistics? computed = statistics || settings.ColorPca
            ? TrainingStatistics.Compute(training, preprocessing, threads, Progress(context, "mean", training.Count), context.Cancellation)
            : null;
        if (stored is null && settings.Normalize == "channel" && computed!.ChannelDeviation.ToList().FindIndex(deviation => !(deviation > 0)) is >= 0 and var constant)
            throw new InvalidDataException(
                $"{settings.Data}: the {(preprocessing.Channels == 1 ? "gray" : ((string[])["red", "green", "blue"])[constant])} values are the same in all training images, so --normalize channel cannot divide by their standard deviation; use --normalize pixel or none");
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

    /// <summary>Returns the options to open a run's images with.</summary>
    public static DatasetOptions Options(TrainSettings settings, IImageDecoder decoder) => new()
    {
        Decoder = decoder,
        ValidationPath = settings.ValidationPath,
        ValidationSplit = settings.ValidationSplit,
        Seed = settings.Seed,
    };

    /// <summary>Wraps the images in a cache, unless they are already in memory.</summary>
    public static IImageDataset Cached(IImageDataset images, long bytes) => images.InMemory ? images : new CachedImages(images, bytes);

    /// <summary>Reads every image once; unreadable images end the command or are skipped.</summary>
    /// <returns>The readable images, and their sizes.</returns>
    public static (IImageDataset Images, ImageSizeRange Sizes) Check(IImageDataset images, string what, bool skipBad, CommandContext context)
    {
        DatasetCheck check = DatasetCheck.Run(
            images, Environment.ProcessorCount, Progress(context, $"checking {what} images", images.Count), context.Cancellation);
        (IReadOnlyList<(int Index, string Reason)> bad, ImageSizeRange? sizes) = (check.Bad, check.Sizes);
        if (bad.Count == 0 && sizes is not null)
            return (images, sizes);
        if (images.Count == 0)
            throw new InvalidDataException($"there are no {what} images");
        if (!skipBad)
        {
            foreach ((_, string reason) in bad.Take(MostListed))
                context.Note(reason);
            throw new InvalidDataException(FormattableString.Invariant(
                $"{bad.Count} of {images.Count} {what} images cannot be read; the first: {bad[0].Reason} Remove them, or skip them with --skip-bad, which lists them all."));
        }
        foreach ((_, string reason) in bad)
            context.Note($"skipped: {reason}");
        context.Note(FormattableString.Invariant($"{bad.Count} of {images.Count} {what} images skipped"));
        if (sizes is null)
            throw new InvalidDataException(FormattableString.Invariant($"none of the {images.Count} {what} images can be read; the first: {bad[0].Reason}"));
        return (ImageSubset.Without(images, bad.Select(image => image.Index)), sizes);
    }

    /// <summary>Returns the augmentation given by the settings; null for none.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="colors">The principal components of the training images' colors, if needed.</param>
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
        // Called from several threads, but the progress line is not thread-safe.
        var gate = new Lock();
        return done =>
        {
            lock (gate)
                context.Progress.Show(title, done, total);
        };
    }
}
