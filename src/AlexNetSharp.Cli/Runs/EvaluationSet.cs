using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The images that <c>alexnet eval</c> measures on, and how many of them the model was trained on.</summary>
/// <param name="Images">The images.</param>
/// <param name="Description">Description of the images.</param>
/// <param name="TrainedOn">How many of them the run was trained on; null if unknown.</param>
internal sealed record EvaluationSet(IImageDataset Images, string Description, int? TrainedOn)
{
    /// <summary>Memory for decoded images that the check for unreadable ones keeps, so that most images are decoded once.</summary>
    private const long CacheBytes = 2000L << 20;

    /// <summary>Opens the images of a model's classes, in folders named by their IDs, by their names, or by the first of several names.</summary>
    /// <returns>The images, and the names of the folders in the order of the model's outputs.</returns>
    /// <inheritdoc cref="Open"/>
    public static (EvaluationSet Set, string[] Classes) OpenFor(Model model, string data, string run, IImageDecoder decoder, bool skipBad, CommandContext context)
    {
        string[][] candidates =
        [
            [.. model.Classes.Select(c => c.Id)],
            [.. model.Classes.Select(c => c.Name)],
            [.. model.Classes.Select(c => c.Name.Split(',')[0].Trim())],
        ];
        InvalidDataException? first = null;
        foreach (string[] classes in candidates)
        {
            if (first is not null && classes.Distinct().Count() < classes.Length)
                continue;
            try
            {
                return (Open(data, classes, run, decoder, skipBad, context), classes);
            }
            catch (InvalidDataException e)
            {
                first ??= e;
            }
        }
        throw new InvalidDataException($"{first!.Message} If the model's class names differ from the folder names, pass the folder names with --class-names.", first);
    }

    /// <summary>Opens the images: for the data of the run, its validation images; for other data, the test images or all images.</summary>
    /// <param name="data">Path of the dataset.</param>
    /// <param name="classes">The folders of the model's classes, in the order of its outputs.</param>
    /// <param name="run">The folder of the model; it need not be a run folder.</param>
    /// <param name="decoder">Decodes the images.</param>
    /// <param name="skipBad">Whether unreadable images are listed and skipped.</param>
    /// <param name="context">For progress, notes and cancellation.</param>
    /// <exception cref="IOException">The images are missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">There is no dataset, or its classes are not the model's.</exception>
    public static EvaluationSet Open(string data, IReadOnlyList<string> classes, string run, IImageDecoder decoder, bool skipBad, CommandContext context)
    {
        TrainSettings? settings = File.Exists(TrainSettings.PathOf(run)) ? TrainSettings.Load(run) : null;
        bool same = settings is not null && FullPath(data) == FullPath(settings.Data);
        string path = same && settings!.ValidationPath is { } validation ? validation : data;
        DatasetPair? trained;
        IImageDataset found;
        string description;
        if (same && settings!.ValidationSplit is { } share)
        {
            trained = DatasetReader.Open(data, TrainData.Options(settings, decoder));
            if (!trained.Train.Classes.SequenceEqual(classes))
                throw new InvalidDataException($"{data}: the classes are not those that the run in '{run}' was trained on");
            found = trained.Validation!;
            description = FormattableString.Invariant($"{trained.Description}, the {100 * share:0.##} % that the run validated on");
        }
        else
        {
            EvaluationImages opened = DatasetReader.OpenForEvaluation(path, decoder, classes);
            foreach (string note in opened.Notes)
                context.Note(note);
            (found, description) = (opened.Images, opened.Description);
            trained = settings is null ? null : OpenIfThere(settings, decoder);
        }
        IImageDataset images = skipBad
            ? TrainData.Check(TrainData.Cached(found, CacheBytes), "evaluation", skipBad, context).Images : found;
        return new EvaluationSet(images, $"{path}: {description}", trained is null ? null : CountCommon(images, trained.Train));
    }

    /// <summary>Describes the set in one line.</summary>
    public string ToLine() => Description + TrainedOn switch
    {
        null => "; the model's training images are unknown",
        0 => "",
        { } all when all == Images.Count => "; the model was trained on these images",
        { } some => FormattableString.Invariant($"; the model was trained on {some} of these {Images.Count} images"),
    };

    /// <summary>Opens the images that a run was trained on; null if they no longer exist.</summary>
    private static DatasetPair? OpenIfThere(TrainSettings settings, IImageDecoder decoder)
    {
        try
        {
            return DatasetReader.Open(settings.Data, TrainData.Options(settings with { ValidationPath = null }, decoder));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string FullPath(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static int CountCommon(IImageDataset images, IImageDataset trained)
    {
        HashSet<string> names = [.. Enumerable.Range(0, images.Count).Select(i => Path.GetFullPath(images.Name(i)))];
        return Enumerable.Range(0, trained.Count).Count(i => names.Contains(Path.GetFullPath(trained.Name(i))));
    }
}
