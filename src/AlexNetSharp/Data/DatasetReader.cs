namespace AlexNetSharp.Data;

/// <summary>How to open a data set.</summary>
public sealed record DatasetOptions
{
    /// <summary>Decodes the images of class folders.</summary>
    public required IImageDecoder Decoder { get; init; }

    /// <summary>Class folders to validate on, where the data set has none itself.</summary>
    public string? ValidationPath { get; init; }

    /// <summary>The share of the training images to validate on instead, above 0 and below 1.</summary>
    public double? ValidationSplit { get; init; }

    /// <summary>Decides which images <see cref="ValidationSplit"/> takes.</summary>
    public ulong Seed { get; init; }
}

/// <summary>A data set to learn from, and one to validate on.</summary>
/// <param name="Train">What to learn from.</param>
/// <param name="Validation">What to validate on; null if there is nothing.</param>
/// <param name="Description">What was recognized, in a few words.</param>
public sealed record DatasetPair(IImageDataset Train, IImageDataset? Validation, string Description);

/// <summary>Images to measure a model on.</summary>
/// <param name="Images">The images; their classes are the model's.</param>
/// <param name="Description">What was recognized, and which part of it was taken, in a few words.</param>
public sealed record EvaluationImages(IImageDataset Images, string Description);

/// <summary>
/// Opens data sets, recognized by looking: class folders (with <c>train</c> and <c>val</c> or <c>test</c> above them or not), the IDX
/// files of MNIST and Fashion-MNIST (gzip or not), CIFAR-10's binary batches.
/// </summary>
public static class DatasetReader
{
    private static readonly string[] ValidationNames = ["val", "validation", "test"];

    /// <summary>Opens the data set at a path.</summary>
    /// <param name="path">A folder.</param>
    /// <param name="options">Decoder, and where to take the validation images from.</param>
    /// <exception cref="IOException">There is no folder at <paramref name="path"/>, or a file of the set is missing or unreadable.</exception>
    /// <exception cref="InvalidDataException">The folder is not a data set, or a file of it is damaged; the message says where.</exception>
    /// <exception cref="ArgumentException">The options contradict each other or what is there.</exception>
    public static DatasetPair Open(string path, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { ValidationPath: not null, ValidationSplit: not null })
            throw new ArgumentException("A validation path and a validation split exclude each other; give one of them.", nameof(options));
        RequireFolder(path);
        DatasetPair found = Packed(path) ?? Folders(path, options);
        IImageDataset train = found.Train;
        if (options.ValidationPath is { } validationPath)
            return found with { Validation = OpenForEvaluation(validationPath, options.Decoder, train.Classes).Images };
        if (options.ValidationSplit is not { } fraction)
            return found;
        (ImageSubset learn, ImageSubset validate) = ImageSubset.Split(train, fraction, options.Seed);
        return found with { Train = learn, Validation = validate };
    }

    /// <summary>Opens what <see cref="Open"/> can open for evaluation: its validation or test images, or all if it has no such part.</summary>
    /// <param name="path">A folder; class folders may lack classes, and need not have training images.</param>
    /// <param name="decoder">Decodes the images of class folders.</param>
    /// <param name="classes">
    /// The classes that the model knows; null: those found. Files of packed images need as many classes and get these names: theirs are
    /// guessed from their folder.
    /// </param>
    /// <exception cref="IOException">There is no folder at <paramref name="path"/>, or a file of the set is missing or unreadable.</exception>
    /// <exception cref="InvalidDataException">The folder is not a data set, a file of it is damaged, or it has classes that the model does not know.</exception>
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
        string? train = TrainFolder(path);
        classes ??= train is null ? null : ClassFolders.Names(train);
        string folder = ValidationFolder(path, train is null ? classes : null) ?? train ?? path;
        return new EvaluationImages(
            new ClassFolders(folder, decoder, classes), folder == path ? "class folders" : $"class folders in {Path.GetFileName(folder)}/");
    }

    private static void RequireFolder(string path)
    {
        if (File.Exists(path))
            throw new InvalidDataException($"{path}: a file; a data set is a folder (unpack an archive first).");
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
        if (TrainFolder(path) is not { } trainPath)
            return new DatasetPair(new ClassFolders(path, options.Decoder), null, "class folders");
        var learn = new ClassFolders(trainPath, options.Decoder);
        // What the caller chose replaces what lies there, so there is no need to look.
        string? validation = options.ValidationPath is null && options.ValidationSplit is null ? ValidationFolder(path) : null;
        return validation is null
            ? new DatasetPair(learn, null, "class folders in train/")
            : new DatasetPair(learn, new ClassFolders(validation, options.Decoder, learn.Classes), $"class folders in train/ and {Path.GetFileName(validation)}/");
    }

    private static string? TrainFolder(string path) => Path.Combine(path, "train") is var train && Directory.Exists(train) ? train : null;

    /// <summary>The folder with the validation images in <paramref name="path"/>, if there is one that is not itself one of these classes.</summary>
    private static string? ValidationFolder(string path, IReadOnlyList<string>? classes = null) =>
        ValidationNames.Where(name => classes?.Contains(name) is not true).Select(name => Path.Combine(path, name)).FirstOrDefault(Directory.Exists);
}
