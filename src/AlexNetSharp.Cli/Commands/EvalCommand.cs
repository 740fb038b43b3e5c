using System.CommandLine;
using System.Text;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Models;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet eval</c>: evaluates a model on images, class by class.</summary>
internal sealed class EvalCommand : CliCommand
{
    private readonly Argument<string> _run = new("MODEL") { Description = "any model file, or the run folder of 'alexnet train' or one of its checkpoints" };
    private readonly Option<string> _network = ModelInput.Network();
    private readonly Option<string?> _classNames = ModelOutput.ClassNames();
    private readonly Argument<string> _data = new("DATA") { Description = "the images, as for 'alexnet train'; for the data of the run, its validation images; for other data, val/ or test/ if present" };
    private readonly ChoiceOption<string> _checkpoint = new(
        "--checkpoint", "which checkpoint of the run to use: the best epoch's or the last one", null, ("best", "best"), ("last", "last"));
    private readonly Option<bool> _tenCrop = CommandOptions.TenCrop();
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(128);
    private readonly Option<int> _mistakes = CommandOptions.Integer("--mistakes", "number of most confident mistakes to list", 20, 0, 1_000_000);
    private readonly Option<bool> _skipBad = CommandOptions.SkipBad();
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<string?> _out = CommandOptions.Path("--out", "folder for confusion.csv and confusion.png [eval/ in the run folder, or next to the model file]", "FOLDER");
    private readonly Option<string?> _mpi = CommandOptions.Path("--mpi", ProcessJob.LibraryDescription, "LIBRARY");
    private readonly ImageInput _images;
    private readonly JsonOutput _json;

    public EvalCommand()
        : base("eval", "Measure a model on images: loss, top-1, top-5, precision and recall by class, confusion matrix.")
    {
        Add(_run);
        Add(_data);
        foreach (Option option in (Option[])[_checkpoint, _network, _classNames, _tenCrop, _skipBad, _batchSize, _mistakes, _threads, _out, _mpi])
            Add(option);
        _images = new ImageInput(this);
        _json = new JsonOutput(this);
    }

    /// <inheritdoc/>
    public override bool ComputesLong => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet eval runs/first images               the best epoch, on the validation images",
        "alexnet eval runs/first images --ten-crop    as the 2012 paper measures",
        "alexnet eval runs/first cifar10 --checkpoint last --json result.json",
        "mpirun -n 4 alexnet eval runs/first images   four processes share the images",
        "alexnet eval alexnet.pth imagenet/val        a downloaded model, on folders named by WordNet ids",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context) => ProcessJob.Run(context, Name, context.Get(_mpi), job => Run(context, job));

    private int Run(CommandContext context, ProcessJob job)
    {
        string run = context.Get(_run);
        if (job.IsFirst)
            _json.Begin(context);
        if (context.Get(_out) is { } given)
            OutputFolder.RequireOutside("--out", given, context.Get(_data));
        if (File.Exists(run) && context.Has(_checkpoint))
            throw new UsageException($"--checkpoint selects a checkpoint of a run folder, but '{run}' is a file");
        string path = File.Exists(run) ? run
            : context.Get(_checkpoint) == "last" ? RunFolder.LastCheckpointOf(run)
            : RunFolder.BestCheckpointOf(run);
        if (!File.Exists(path))
            throw new FileNotFoundException(Directory.Exists(run) ? $"{path}: no such checkpoint; has the run completed an epoch?" : $"{run}: no such file or folder");
        string folder = context.Get(_out) ?? Path.Combine(Directory.Exists(run) ? run : Path.GetDirectoryName(Path.GetFullPath(run))!, "eval");
        using Model loaded = ModelInput.Load(path, context.Get(_network));
        Model model = ModelConversion.WithClasses(loaded, context.Get(_classNames));
        if (model.Classes.Count == 0)
            throw new InvalidDataException($"{path}: the model does not name its classes; convert it with --class-names FILE");
        SharedImages.RequireSameFile(job.Group, path);
        if (job.IsFirst)
            OutputFolder.Create("--out", folder);
        // The first process prints the notes of all processes' decoders at the end.
        var notes = new List<string>();
        IImageDecoder decoder = job.IsFirst ? _images.Decoder(context) : _images.Decoder(context, notes.Add);
        (EvaluationSet Set, string[] Classes)? opened = null;
        IImageDataset Open() => (opened ??= EvaluationSet.OpenFor(
            model, context.Get(_data), RunFolderOf(run), decoder, context.Get(_skipBad), context)).Set.Images;
        IImageDataset images = job.Group.Count == 1 ? Open() : SharedImages.Evaluated(job.Group, Open, decoder);

        Evaluation evaluation = Evaluate(context, job, model, images, opened?.Classes ?? [.. model.Classes.Select(c => c.Name)]);
        if (job.Group.Count > 1)
            foreach (byte[] lines in job.Group.AllGatherMessages(Encoding.UTF8.GetBytes(string.Join('\n', notes))))
                foreach (string line in Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    context.Note(line);
        if (!job.IsFirst)
            return ExitCode.Success;
        var report = new EvaluationReport(evaluation, opened!.Value.Set, path, context.Get(_tenCrop) ? Preprocessor.TenCropViews : 1);
        report.Print(context);
        report.SaveConfusion(folder);
        _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    private Evaluation Evaluate(CommandContext context, ProcessJob job, Model model, IImageDataset images, IReadOnlyList<string> classes)
    {
        int batchSize = Math.Min(context.Get(_batchSize), images.Count), threads = job.IsMpi && !context.Has(_threads) ? job.Threads() : context.Get(_threads);
        void Show(int done) => context.Progress.Show("evaluating", done, images.Count);
        bool tenCrop = context.Get(_tenCrop), shared = job.Group.Count > 1;
        int views = tenCrop ? Preprocessor.TenCropViews : 1;
        var loading = new DataLoaderOptions
        {
            BatchSize = Math.Max(1, batchSize / views),
            Threads = threads,
            TenCrop = tenCrop,
            Share = shared ? BatchShare.OfBatches(job.Group.Rank, job.Group.Count) : null,
        };
        var options = new PlanOptions { BatchSize = loading.BatchSize * views, Threads = threads };
        new MemoryEstimate().Plan(model.Network, options).Loader(images.Count, model.Network.InputShape, loading, epochs: 1, largest: 0)
            .Require(FormattableString.Invariant($"evaluating {model.Network.Name} in batches of {options.BatchSize}"), "use a smaller --batch-size", context);
        using var source = new DataLoader(images, model.RequirePreprocessing(), loading);
        using var plan = new Plan(model.Network, model.Parameters, options);
        try
        {
            return Evaluation.Run(plan, source, classes, views, context.Get(_mistakes), Show, shared ? job.Group : null, context.Cancellation);
        }
        catch (OperationCanceledException) when (shared)
        {
            job.StopsTogether = true;
            throw;
        }
    }

    /// <summary>Returns the run folder of a folder or of a checkpoint in RUN/checkpoints, without checking that it is one.</summary>
    private static string RunFolderOf(string run) =>
        Directory.Exists(run) ? run : Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(run))) ?? run;
}
