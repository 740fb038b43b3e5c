using System.CommandLine;
using AlexNetSharp.Cli.Images;
using AlexNetSharp.Execution;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The options of commands that run images through a model, and what they do about images that cannot be read.</summary>
internal sealed class InferenceInput
{
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(32);
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<bool> _bfloat16 = CommandOptions.Switch(
        "--bfloat16", "store the fully connected weights as bfloat16: faster for single images; outputs differ by about 1 %");
    private readonly Option<bool> _int8 = CommandOptions.Switch(
        "--int8", "store the fully connected weights in 8 bits, as 'alexnet convert --type int8' does: fastest for single images; outputs differ by some percent");
    private readonly Option<bool> _skipBad = CommandOptions.SkipBad();
    private readonly ImageInput _images;

    /// <summary>Adds the options to a command.</summary>
    public InferenceInput(Command command)
    {
        foreach (Option option in (Option[])[_batchSize, _threads, _bfloat16, _int8, _skipBad])
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_bfloat16) && result.GetValue(_int8))
                result.AddError("--bfloat16 and --int8 are two ways to read the same weights; give one of them");
        });
        _images = new ImageInput(command);
    }

    /// <summary>The decoder that the command line asks for, which reads standard input and pipes as well.</summary>
    public PipedImages Decoder(CommandContext context) => new(_images.Decoder(context));

    /// <summary>What fully connected weights are read as.</summary>
    public Precision Precision(CommandContext context) =>
        context.Get(_bfloat16) ? Execution.Precision.BFloat16 : context.Get(_int8) ? Execution.Precision.Int8 : Execution.Precision.Float32;

    /// <summary>Threads that compute.</summary>
    public int Threads(CommandContext context) => context.Get(_threads);

    /// <summary>What the command line asks for.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="images">How many images there are.</param>
    /// <param name="tenCrop">Whether each is looked at in ten views.</param>
    public InferenceOptions Options(CommandContext context, int images, bool tenCrop = false) => new()
    {
        BatchSize = (int)Math.Min(context.Get(_batchSize), Math.Max(1, images) * (tenCrop ? 10L : 1)),
        Threads = context.Get(_threads),
        Precision = Precision(context),
        TenCrop = tenCrop,
    };

    /// <summary>Refuses words that look like options and are none, which an argument of many paths would take for paths.</summary>
    /// <exception cref="UsageException">There is one; the message says which option may be meant.</exception>
    public static void RefuseUnknownOptions(Command command, IEnumerable<string> paths)
    {
        foreach (string path in paths)
            if (path.StartsWith('-') && path != PipedImages.StandardInput && !File.Exists(path) && !Directory.Exists(path))
                throw new UsageException($"unknown option '{path}'" + NearestName.Suggestion(path, command.Options.Select(option => option.Name)));
    }

    /// <summary>The images that paths stand for, folders with all below them; each once, in the order of the command line.</summary>
    /// <param name="paths">The paths; - is standard input.</param>
    /// <param name="decoder">Reads those that are no files now.</param>
    /// <exception cref="IOException">There is nothing at a path.</exception>
    /// <exception cref="InvalidDataException">A folder holds no image.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths, PipedImages decoder) =>
        [.. paths.SelectMany(path => decoder.TryRead(path) ? [path] : Data.ImageFiles.Find(path)).Distinct()];

    /// <summary>The results of the images that could be read, after all have been tried.</summary>
    /// <param name="context">For notes and progress.</param>
    /// <param name="title">What is done, for the progress line.</param>
    /// <param name="total">How many images there are.</param>
    /// <param name="results">The images.</param>
    /// <param name="skipped">Receives those that were left out.</param>
    /// <param name="allMayFail">Whether there are others, so that it is no error when none of these can be read.</param>
    /// <exception cref="IOException">An image is missing or cannot be read, and <c>--skip-bad</c> is not given.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    /// <exception cref="InvalidDataException">The same; or no image can be read.</exception>
    public List<FileResult<T>> Collect<T>(
        CommandContext context, string title, int total, IEnumerable<FileResult<T>> results, List<FileResult<T>> skipped, bool allMayFail = false)
        where T : class
    {
        bool skipBad = context.Get(_skipBad);
        var good = new List<FileResult<T>>();
        foreach (FileResult<T> result in results)
        {
            if (result.Error is null)
                good.Add(result);
            else if (skipBad)
                skipped.Add(result);
            else
                throw new InvalidDataException(
                    result.Error.Message + (total > 1 ? " Remove it, or skip what cannot be read with --skip-bad." : ""), result.Error);
            context.Progress.Show(title, good.Count + skipped.Count, total);
        }
        foreach (FileResult<T> bad in skipped)
            context.Note($"skipped: {bad.Error!.Message}");
        if (good.Count == 0 && total > 0 && !allMayFail)
            throw new InvalidDataException(FormattableString.Invariant($"none of the {total} images can be read"));
        return good;
    }
}
