using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Images;
using AlexNetSharp.Formats;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet classify</c>: classifies images.</summary>
internal sealed class ClassifyCommand : CliCommand
{
    private readonly ModelInput _model;
    private readonly InferenceInput _inference;
    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "images, or folders that are searched recursively; - for standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<int> _top = CommandOptions.Integer("--top", "number of classes to show per image, most probable first", 5, 1, 1_000_000);
    private readonly Option<bool> _tenCrop = CommandOptions.TenCrop();
    private readonly JsonOutput _json;

    public ClassifyCommand()
        : base("classify", "Classify images: the most probable classes and the time it took.")
    {
        _model = new ModelInput(this);
        Add(_images);
        foreach (Option option in (Option[])[_top, _tenCrop])
            Add(option);
        _json = new JsonOutput(this);
        _inference = new InferenceInput(this);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet classify alexnet.pth cat.jpg                             the five most probable classes",
        "alexnet classify runs/first holidays --top 1 --skip-bad          a folder, skipping images that cannot be read",
        "curl -s https://example.com/cat.jpg | alexnet classify alexnet.pth -",
        "alexnet classify bvlc_alexnet.caffemodel cat.jpg --ten-crop --json",
    ];

    /// <inheritdoc/>
    public override bool PathsFollowJson => true;

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        InferenceInput.RefuseUnknownOptions(this, context.Get(_images));
        _json.Begin(context);
        PipedImages decoder = _inference.Decoder(context);
        IReadOnlyList<string> files = InferenceInput.Find(context.Get(_images), decoder);
        bool tenCrop = context.Get(_tenCrop);
        string path = _model.PathOf(context);
        InferenceOptions options = _inference.Options(context, files.Count, tenCrop);
        // For one pass it would take longer to load the weights than to compute with them as they are read.
        bool once = files.Count * (tenCrop ? 10L : 1) <= options.BatchSize;
        using var classifier = Open(once ? _model.Open(context) : _model.Load(context), path, decoder, options);
        // Otherwise creating the plan and preparing the weights is part of loading, and the reported time is that of the images alone.
        if (!once)
            classifier.WarmUp(files.Count);

        long start = Stopwatch.GetTimestamp();
        var skipped = new List<FileResult<Prediction[]>>();
        List<FileResult<Prediction[]>> results = _inference.Collect(
            context, "classifying", files.Count, classifier.ClassifyFiles(files, context.Get(_top), context.Cancellation), skipped);
        var report = new ClassifyReport(
            path, classifier, tenCrop ? 10 : 1, _inference.Threads(context), results, skipped, Stopwatch.GetElapsedTime(start), once);
        report.Print(context);
        _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    private static Classifier Open(Model model, string path, PipedImages decoder, InferenceOptions options)
    {
        try
        {
            return new Classifier(model, decoder, options);
        }
        catch (InvalidDataException e)
        {
            model.Dispose();
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}: {e.Message}"), e);
        }
    }
}
