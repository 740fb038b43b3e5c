namespace AlexNetSharp.Data;

/// <summary>Options for opening a dataset.</summary>
public sealed class DatasetOptions
{
    /// <summary>Decodes the images of class folders.</summary>
    public required IImageDecoder Decoder { get; init; }

    /// <summary>Class folders to validate on, if the dataset itself has none.</summary>
    public string? ValidationPath { get; init; }

    /// <summary>The fraction of the training images to validate on instead, above 0 and below 1.</summary>
    public double? ValidationSplit { get; init; }

    /// <summary>Seed for choosing the images of <see cref="ValidationSplit"/>.</summary>
    public ulong Seed { get; init; }
}

/// <summary>A training set and a validation set.</summary>
public sealed class DatasetPair
{
    internal DatasetPair(IImageDataset train, IImageDataset? validation, string description) =>
        (Train, Validation, Description) = (train, validation, description);

    /// <summary>The training set.</summary>
    public IImageDataset Train { get; }

    /// <summary>The validation set; null if there is none.</summary>
    public IImageDataset? Validation { get; }

    /// <summary>What was recognized, in a few words: which folder was taken for what.</summary>
    public string Description { get; }

    /// <summary>What was ignored, one line each.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];
}

/// <summary>Images to evaluate a model on.</summary>
public sealed class EvaluationImages
{
    internal EvaluationImages(IImageDataset images, string description) =>
        (Images, Description) = (images, description);

    /// <summary>The images; their classes are the model's.</summary>
    public IImageDataset Images { get; }

    /// <summary>What was recognized and which part of it is used, in a few words.</summary>
    public string Description { get; }

    /// <summary>What was ignored, one line each.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];
}

/// <summary>
/// Opens datasets and recognizes their format: class folders (in <c>train</c> and <c>val</c> or <c>test</c> or not), the IDX
/// files of MNIST and Fashion-MNIST (gzip or not), CIFAR-10's binary batches.
/// </summary>
/// <remarks>
/// Folders called train or training, val, valid, validation or dev, test or testing, in upper or lower case, are parts of a set if they hold folders
/// and no images; with images directly in it such a folder is a class like any other.
/// </remarks>
public static class DatasetReader
{
    private static readonly string[] TrainNames = ["train", "training"];

    /// <summary>In the order in which they are validated on.</summary>
    private static readonly string[] ValidationNames = ["val", "valid", "validation", "dev", "test", "testing"];

    /// <summary>Opens the dataset at a path.</summary>
    /// <param name="path">A folder.</param>
    /// <param name="options">Decoder, and where to take the validation images from.</param>
    /// <exception cref="IOException">There is no folder at <paramref name="path"/>, or a file of the set is missing or unreadable.</exception>
    /// <exception cref="InvalidDataException">The folder is not a dataset, or a file of it is damaged; the message says where.</exception>
    /// <exception cref="ArgumentException">The options contradict each other or what is there.</exception>
    public static DatasetPair Open(string path, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { ValidationPath: not null, ValidationSplit: not null })
            throw new ArgumentException("A validation path and a validation split cannot be combined; give one of them.", nameof(options));
        RequireFolder(path);
        DatasetPair found = Packed(path) ?? Folders(path, options);
        IImageDataset train = found.Train;
        if (options.ValidationPath is { } validationPath)
        {
            EvaluationImages validation = OpenForEvaluation(validationPath, options.Decoder, train.Classes);
            return new DatasetPair(train, validation.Images, found.Description) { Notes = [.. found.Notes, .. validation.Notes] };
        }
        if (options.ValidationSplit is not { } fraction)
            return found;
        (IImageDataset learn, IImageDataset validate) = ImageSubset.Split(train, fraction, options.Seed);
        return new DatasetPair(learn, validate, found.Description) { Notes = found.Notes };
    }

    /// <summary>Opens a dataset for evaluation: its validation or test images, or all if it has no such part.</summary>
    /// <param name="path">A folder; class folders may lack classes, and need not have training images.</param>
    /// <param name="decoder">Decodes the images of class folders.</param>
    /// <param name="classes">
    /// The classes that the model knows; null: those found. Files of packed images need as many classes and get these names: theirs are
    /// guessed from their folder.
    /// </param>
    /// <exception cref="IOException">There is no folder at <paramref name="path"/>, or a file of the set is missing or unreadable.</exception>
    /// <exception cref="InvalidDataException">The folder is not a dataset, a file of it is damaged, or it has classes that the model does not know.</exception>
    public static EvaluationImages OpenForEvaluation(string path, IImageDecoder decoder, IReadOnlyList<string>? classes = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(decoder);
        RequireFolder(path);
        if (Packed(path) is { Validation: PackedImages test, Description: var description })
        {
            if (classes is not null && classes.Count != test.Classes.Count)
                throw new InvalidDataException($"{path}: images of {test.Classes.Count} classes, but the model was trained on {classes.Count}.");
            return new EvaluationImages(classes is null ? test : test.WithClasses(classes), $"{description}: test images");
        }
        Parts parts = Parts.Of(path, classes);
        classes ??= parts.Train is null ? null : ClassFolders.Names(parts.Train);
        string folder = parts.Validation ?? parts.Train ?? path;
        var images = new ClassFolders(folder, decoder, classes);
        return new EvaluationImages(images, folder == path ? "class folders" : $"class folders in {Path.GetFileName(folder)}/") { Notes = images.Notes };
    }

    private static void RequireFolder(string path)
    {
        if (File.Exists(path))
            throw new InvalidDataException($"{path}: a file; a dataset is a folder (unpack an archive first).");
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"{path}: no such folder.");
    }

    /// <summary>A set that comes as a few files of many images; null if there is none.</summary>
    private static DatasetPair? Packed(string path)
    {
        if (IdxFiles.Recognizes(path))
        {
            (IImageDataset train, IImageDataset test) = IdxFiles.Read(path);
            return new DatasetPair(train, test, "IDX files");
        }
        // The archive of CIFAR-10 unpacks into a folder of its own.
        foreach (string folder in new[] { path, Path.Combine(path, "cifar-10-batches-bin") })
            if (CifarBatches.Recognizes(folder))
            {
                (IImageDataset train, IImageDataset test) = CifarBatches.Read(folder);
                return new DatasetPair(train, test, "CIFAR-10 binary batches");
            }
        return null;
    }

    private static DatasetPair Folders(string path, DatasetOptions options)
    {
        Parts parts = Parts.Of(path, classes: null);
        if (parts.Train is not { } train)
        {
            if (parts.Validation is { } alone)
                throw new InvalidDataException($"{path}: {Path.GetFileName(alone)}/ holds class folders like a split of a dataset, but there is no train/ beside it; give a folder with train/, or the one with the class folders.");
            var all = new ClassFolders(path, options.Decoder);
            return new DatasetPair(all, null, "class folders") { Notes = all.Notes };
        }
        var learn = new ClassFolders(train, options.Decoder);
        string trainName = Path.GetFileName(train);
        // What the caller chose replaces what lies there, so there is no need to look.
        string? validation = options.ValidationPath is null && options.ValidationSplit is null ? parts.Validation : null;
        IEnumerable<string> unused = parts.Others.Append(parts.Validation).Where(folder => folder is not null && folder != validation)
            .Select(folder => $"{folder}: skipped, {trainName}/ holds the training images");
        if (validation is null)
            return new DatasetPair(learn, null, $"class folders in {trainName}/") { Notes = [.. learn.Notes, .. unused] };
        var validate = new ClassFolders(validation, options.Decoder, learn.Classes);
        return new DatasetPair(learn, validate, $"class folders in {trainName}/ and {Path.GetFileName(validation)}/")
        {
            Notes = [.. learn.Notes, .. validate.Notes, .. unused],
        };
    }

    /// <summary>The folders of a set that comes in parts.</summary>
    /// <param name="Train">The folder to learn from, or null.</param>
    /// <param name="Validation">The folder to validate on, or null.</param>
    /// <param name="Others">Folders beside them.</param>
    private sealed record Parts(string? Train, string? Validation, IReadOnlyList<string> Others)
    {
        /// <summary>Looks for parts in a folder; where there is none to learn from, those that are called like one of the classes are classes.</summary>
        public static Parts Of(string path, IReadOnlyList<string>? classes)
        {
            var walk = new ImageWalk(path);
            List<string> folders = walk.Folders(path);
            string? train = Only(path, folders.FindAll(folder => IsPart(folder, TrainNames, walk)));
            List<string> candidates = folders.FindAll(folder =>
                IsPart(folder, ValidationNames, walk) && (train is not null || classes?.Contains(Path.GetFileName(folder)) is not true));
            string? validation = ValidationNames
                .Select(name => Only(path, candidates.FindAll(folder => IsPart(folder, [name], walk)))).FirstOrDefault(folder => folder is not null);
            return new Parts(train, validation, folders.FindAll(folder => folder != train && folder != validation));
        }

        private static bool IsPart(string folder, string[] names, ImageWalk walk) =>
            names.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase) && walk.Folders(folder).Count > 0 && !ImageWalk.HoldsImages(folder);

        private static string? Only(string path, List<string> folders) => folders.Count < 2
            ? folders.FirstOrDefault()
            : throw new InvalidDataException($"{path}: both {Path.GetFileName(folders[0])}/ and {Path.GetFileName(folders[1])}/ hold class folders; leave one of them there.");
    }
}
