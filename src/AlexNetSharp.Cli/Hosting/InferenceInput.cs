using System.CommandLine;
using AlexNetSharp.Cli.Images;
using AlexNetSharp.Execution;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The options of commands that run images through a model, and the handling of unreadable images.</summary>
internal sealed class InferenceInput
{
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(32);
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<bool> _bfloat16 = CommandOptions.Switch(
        "--bfloat16", "store the fully connected weights as bfloat16: faster for single images; outputs differ by about 1 %");
    private readonly Option<bool> _int8 = CommandOptions.Switch(
        "--int8", "store the fully connected weights in 8 bits, as 'alexnet convert --type int8' does: fastest for single images; outputs differ by a few percent");
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
                result.AddError("--bfloat16 and --int8 are two ways to read the same weights; use only one of them");
        });
        _images = new ImageInput(command);
    }

    /// <summary>Creates the decoder for the command line, which also reads standard input and pipes. Its native library is loaded beside the model.</summary>
    public PipedImages Decoder(CommandContext context)
    {
        // What is wrong with it, the first image will say.
        _ = Task.Run(ImageDecoder.Preload);
        return new PipedImages(_images.Decoder(context));
    }

    /// <summary>Returns the data type for fully connected weights.</summary>
    public Precision Precision(CommandContext context) =>
        context.Get(_bfloat16) ? Execution.Precision.BFloat16 : context.Get(_int8) ? Execution.Precision.Int8 : Execution.Precision.Float32;

    /// <summary>Returns the number of compute threads.</summary>
    public int Threads(CommandContext context) => context.Get(_threads);

    /// <summary>Returns the inference options for the command line.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="tenCrop">Whether to average over ten crops of each image.</param>
    public InferenceOptions Options(CommandContext context, int images, bool tenCrop = false) => new()
    {
        BatchSize = (int)Math.Min(context.Get(_batchSize), Math.Max(1, images) * (tenCrop ? 10L : 1)),
        Threads = context.Get(_threads),
        Precision = Precision(context),
        TenCrop = tenCrop,
    };

    /// <summary>Rejects misspelled options, which an argument with many paths would take for paths.</summary>
    /// <exception cref="UsageException">There is one; the message suggests the intended option.</exception>
    public static void RefuseUnknownOptions(Command command, IEnumerable<string> paths)
    {
        foreach (string path in paths)
            if (path.StartsWith('-') && path != PipedImages.StandardInput && !File.Exists(path) && !Directory.Exists(path))
                throw new UsageException($"unknown option '{path}'" + NearestName.Suggestion(path, command.Options.Select(option => option.Name)));
    }

    /// <summary>Finds the images at the given paths, including subfolders; each once, in the order of the command line.</summary>
    /// <param name="paths">The paths; - is standard input.</param>
    /// <param name="decoder">Reads standard input and pipes immediately.</param>
    /// <exception cref="IOException">A path does not exist.</exception>
    /// <exception cref="InvalidDataException">A folder contains no images.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths, PipedImages decoder) =>
        [.. paths.SelectMany(path => decoder.TryRead(path) ? [path] : Data.ImageFiles.Find(path)).Distinct()];

    /// <summary>Collects the results of all readable images.</summary>
    /// <param name="context">For notes and progress.</param>
    /// <param name="title">Title of the progress line.</param>
    /// <param name="total">Number of images.</param>
    /// <param name="results">The images.</param>
    /// <param name="skipped">Receives the images that were skipped.</param>
    /// <param name="allMayFail">Whether it is acceptable that none of these images can be read, because there are others.</param>
    /// <exception cref="IOException">An image is missing or cannot be read, and <c>--skip-bad</c> is not given.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    /// <exception cref="InvalidDataException">The same, or no image can be read.</exception>
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
                    result.Error.Message + (total > 1 ? " Remove it, or skip unreadable images with --skip-bad." : ""), result.Error);
            context.Progress.Show(title, good.Count + skipped.Count, total);
        }
        foreach (FileResult<T> bad in skipped)
            context.Note($"skipped: {bad.Error!.Message}");
        if (good.Count == 0 && total > 0 && !allMayFail)
            throw new InvalidDataException(FormattableString.Invariant($"none of the {total} images can be read"));
        return good;
    }
}
