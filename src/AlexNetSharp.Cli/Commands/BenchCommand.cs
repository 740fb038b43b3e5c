using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet bench</c>: times forward and forward-backward as TensorFlow's AlexNet notebook does, and prints the same lines.</summary>
internal sealed class BenchCommand : CliCommand
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "a model file whose network and weights are used, instead of a network with random weights",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _network = CommandOptions.Network();
    private readonly Option<IntegerList> _batchSizes = CommandOptions.Of(
        "--batch-size", "batch size; a list makes a sweep: 1,8,32", ValueRule.Integers(1, CommandOptions.LargestBatch), new IntegerList([32]));
    private readonly Option<int> _batches = CommandOptions.Integer("--batches", "timed steps", 100, 1, 10_000_000);
    private readonly Option<int> _burnIn = CommandOptions.Integer("--burn-in", "warm-up steps, not timed", 10, 0, 10_000_000);
    private readonly Option<int?> _imageSize = CommandOptions.ImageSize();
    private readonly Option<IntegerList> _threads = CommandOptions.Of(
        "--threads", "number of compute threads; a list makes a sweep: 1,2,4", ValueRule.Integers(1, CommandOptions.MostThreads), new IntegerList([Environment.ProcessorCount]));
    private readonly ChoiceOption<GradientScope> _gradients = new(
        "--gradients", "gradients that forward-backward computes: the convolutions' only, as in the notebook, or all", null,
        ("conv", GradientScope.Convolution), ("all", GradientScope.All));
    private readonly Option<bool> _forwardOnly = CommandOptions.Switch("--forward-only", "time only the forward pass");
    private readonly Option<bool> _forwardBackwardOnly = CommandOptions.Switch("--forward-backward-only", "skip the forward-only run");
    private readonly Option<ulong> _seed = CommandOptions.Seed();
    private readonly Option<string?> _images = CommandOptions.Path(
        "--images", "an image or a folder of images to fill the batch with instead of noise; repeated as needed", "PATH");
    private readonly Option<string?> _data = CommandOptions.Path(
        "--data", "time only how fast this dataset loads (the folder that 'alexnet train' takes): from files and from memory, plain and augmented", "DATA");
    private readonly Option<bool> _precise = CommandOptions.Switch(
        "--precise", "use only convolution algorithms that round no worse than direct convolution (no Winograd)");
    private readonly Option<bool> _bfloat16 = CommandOptions.Switch(
        "--bfloat16", "store the fully connected weights as bfloat16, which halves their memory traffic; needs --forward-only");
    private readonly Option<bool> _int8 = CommandOptions.Switch(
        "--int8", "store the fully connected weights in 8 bits, a quarter of the memory traffic; needs --forward-only");
    private readonly Option<bool> _perLayer = CommandOptions.Switch("--per-layer", "print a table of times by layer");
    private readonly Option<bool> _explain = CommandOptions.Switch(
        "--explain", "show which algorithms were considered for each layer, why each was chosen or rejected, how far each layer can scale with threads, and with --per-layer the least time that multiplications (×) and memory (mem) allow");
    private readonly Option<string?> _csv = CommandOptions.Path("--csv", "write the duration of each step as CSV");
    private readonly ChoiceOption<string> _exchange = new(
        "--exchange", "what processes exchange for fully connected layers: gradients, or the factors that they are computed from", null,
        ("auto", "auto"), ("dense", "dense"), ("factors", "factors"));
    private readonly Option<string?> _mpi = CommandOptions.Path("--mpi", ProcessJob.LibraryDescription, "LIBRARY");
    private readonly Option<string?> _plot = CommandOptions.Path("--plot", "write a plot of a sweep as PNG");
    private readonly Option<string[]> _compare = new("--compare")
    {
        Description = "measure nothing; compare --json results with the first one, and tell real differences from noise",
        HelpName = "FILE FILE…",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly ImageInput _decoding;
    private readonly JsonOutput _json;

    public BenchCommand()
        : base("bench", "Time forward and forward-backward, as TensorFlow's AlexNet notebook does.")
    {
        Add(_model);
        foreach (Option option in (Option[])
            [_network, _batchSizes, _batches, _burnIn, _imageSize, _threads, _gradients, _forwardOnly, _forwardBackwardOnly, _seed, _images, _data,
             _precise, _bfloat16, _int8, _perLayer, _explain, _csv, _plot, _compare, _exchange, _mpi])
            Add(option);
        _decoding = new ImageInput(this);
        _json = new JsonOutput(this, "; gflops counts a multiply-add as two and every convolution as direct convolution");
        Validators.Add(Validate);
    }

    /// <inheritdoc/>
    public override bool ComputesLong => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet bench                                        the notebook's benchmark",
        "alexnet bench --gradients all --per-layer            gradients of all parameters, times by layer",
        "alexnet bench --batch-size 1 --forward-only          one image at a time",
        "alexnet bench --images images/ --forward-only        a folder of images instead of noise",
        "alexnet bench --batches 20 --json result.json        results for a program",
        "alexnet bench model.safetensors --batch-size 1 --int8 --forward-only   your own model, with 8-bit weights",
        "alexnet bench --threads 1,2 --batch-size 1,8,32 --plot sweep.png   every combination: one table, one plot",
        "alexnet bench --compare before.json after.json       what became faster, beyond noise",
        "alexnet bench --network vgg16 --batch-size 8         another network, by name or from a file",
        "mpirun -n 2 alexnet bench --gradients all            how well training scales across processes",
        "alexnet bench --data images --batch-size 128         how fast images are decoded, resized and augmented",
    ];

    /// <summary>Options that affect how a network is computed.</summary>
    private Option[] OfNetwork => [_gradients, _forwardOnly, _forwardBackwardOnly, _images, _precise, _bfloat16, _int8, _perLayer, _explain, _csv, _plot];

    private void Validate(CommandResult result)
    {
        // An optional argument would swallow a misspelled option.
        if (result.GetResult(_model)?.Tokens is [{ } word] && word.Value.StartsWith('-'))
            result.AddError($"unknown option '{word.Value}'");
        if (result.GetValue(_forwardOnly) && result.GetValue(_forwardBackwardOnly))
            result.AddError("--forward-only and --forward-backward-only leave nothing to run; use only one of them");
        if (result.GetValue(_bfloat16) && result.GetValue(_int8))
            result.AddError("--bfloat16 and --int8 are two ways to read the same weights; use only one of them");
        foreach (Option<bool> narrow in (Option<bool>[])[_bfloat16, _int8])
            if (result.GetValue(narrow) && !result.GetValue(_forwardOnly))
                result.AddError($"{narrow.Name} is for inference; add --forward-only");
        // Look at the tokens: reading an invalid value throws.
        bool sweep = ((Option[])[_batchSizes, _threads]).Any(option => result.GetResult(option)?.Tokens is [{ } numbers] && numbers.Value.Contains(',', StringComparison.Ordinal));
        if (result.GetValue(_data) is not null && (sweep || Given(OfNetwork) is not null || result.GetValue(_model) is not null))
            result.AddError($"--data times image loading, where {Given(OfNetwork)?.Name ?? (sweep ? "a list of numbers" : "a model")} has no meaning; remove one of them");
        if (Given([.. _decoding.Options]) is { } ofImages && Given([_images, _data, _compare]) is null)
            result.AddError($"{ofImages.Name} is for decoding images; add --images or --data");
        if (result.GetValue(_compare) is { Length: > 0 } files)
        {
            if (files.Length < 2)
                result.AddError("--compare needs at least two --json files");
            if (result.Children.OfType<OptionResult>().FirstOrDefault(o => o is { Implicit: false } && o.Option != _compare) is { } other)
                result.AddError($"--compare measures nothing, so {other.Option.Name} has no meaning; remove one of them");
        }
        if (sweep && Given([_csv, _perLayer, _explain]) is { } single)
            result.AddError($"{single.Name} requires a single batch size and thread count; it cannot be used in a sweep");
        if (!sweep && Given([_plot]) is not null)
            result.AddError("--plot draws a sweep; specify several batch sizes or thread counts: --batch-size 1,8,32");
        if (result.GetValue(_model) is not null && Given([_imageSize]) is not null)
            result.AddError("--image-size is for networks with random weights; a model has a fixed image size");

        Option? Given(Option[] options) => options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });
    }

    /// <inheritdoc/>
    public override int Run(CommandContext context) => ProcessJob.Run(context, Name, context.Get(_mpi), job => job.IsMpi ? RunScaling(context, job) : RunHere(context));

    /// <summary>Under an MPI launcher: times the same steps with and without the exchange.</summary>
    private int RunScaling(CommandContext context, ProcessJob job)
    {
        if (OfScaling.FirstOrDefault(option => context.Has(option)) is { } other)
            throw new UsageException($"{other.Name} is for a single process; run it without mpirun");
        if (job.IsFirst)
            _json.Begin(context);
        string name = context.Get(_network);
        Network network = NetworkChoice.Create(name, imageSize: context.Get(_imageSize), asInNotebook: true).Network;
        int threads = context.Has(_threads) ? context.Get(_threads).Values[0] : job.Threads();
        var options = new PlanOptions
        {
            BatchSize = context.Get(_batchSizes).Values[0],
            Threads = threads,
            Gradients = context.Get(_gradients),
            Precise = context.Get(_precise),
            Seed = context.Get(_seed),
        };
        var source = new NotebookBenchmark(network, options, context.Get(_burnIn), context.Get(_batches));
        context.WriteLine(Machine.Current.Describe(threads) + NativeBuild.Suffix);
        context.WriteLine(job.Description);
        ScalingReport report = new ScalingBenchmark(
            network, options, context.Get(_burnIn), context.Get(_batches), context.Get(_exchange)).Run(context, job, source.Noise);
        foreach (string line in report.ToLines())
            context.WriteLine(line);
        if (context.Get(_explain))
            context.WriteTable(ExchangeReport.ToTable(report.Layers));
        if (job.IsFirst)
            _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    /// <summary>Options that have no meaning for several processes.</summary>
    private Option[] OfScaling => [_forwardOnly, _forwardBackwardOnly, _images, _data, _bfloat16, _int8, _perLayer, _csv, _plot, _compare, .. _decoding.Options];

    private int RunHere(CommandContext context)
    {
        if (context.Get(_compare) is { Length: > 0 } files)
        {
            foreach (string line in BenchComparison.Differences(files))
                context.WriteLine(line);
            context.WriteTable(BenchComparison.ToTable(BenchComparison.Compare(files)));
            return ExitCode.Success;
        }
        if (context.Get(_data) is { } data)
            return RunLoader(data, context);
        (string? csv, string? plot) = (context.Get(_csv), context.Get(_plot));
        OutputFile.CheckDifferent("--csv", csv, "--json", _json.FileOf(context));
        OutputFile.CheckDifferent("--plot", plot, "--json", _json.FileOf(context));
        OutputFile.Check("--csv", csv);
        OutputFile.Check("--plot", plot);
        _json.Begin(context);

        using Model? model = context.Get(_model) is { } path ? Load(path, context) : null;
        NetworkDefinition? chosen = model is null ? ChooseNetwork(context) : null;
        Network network = model?.Network ?? chosen!.Network;
        string[] runs = context.Get(_forwardOnly) ? [NotebookBenchmark.Forward]
            : context.Get(_forwardBackwardOnly) ? [NotebookBenchmark.ForwardBackward]
            : [NotebookBenchmark.Forward, NotebookBenchmark.ForwardBackward];
        BenchSettings[] combinations = [.. from threads in context.Get(_threads).Values
                                           from batchSize in context.Get(_batchSizes).Values
                                           select Settings(context, network, batchSize, threads)];
        bool sweep = combinations.Length > 1;
        var runner = new BenchRunner(network, model?.Parameters, runs)
        {
            Probes = context.Has(_json.Option) || (context.Get(_explain) && context.Get(_perLayer)),
            Quiet = sweep,
            Explain = context.Get(_explain),
        };
        foreach (BenchSettings settings in combinations)
            runner.CheckMemory(settings);
        if (context.Get(_images) is { } images)
            runner.Images = new ImageBatch(images, PreprocessingOf(model, chosen, network), combinations.Max(settings => settings.BatchSize), _decoding.Decoder(context));

        context.WriteLine(Machine.Current.Describe(combinations.Max(settings => settings.Threads)) + NativeBuild.Suffix);
        return sweep ? RunSweep(runner, combinations, plot, context) : RunOne(runner, combinations[0], network, runs, csv, context);
    }

    private int RunOne(BenchRunner runner, BenchSettings settings, Network network, string[] runs, string? csv, CommandContext context)
    {
        foreach (string line in NotebookFormat.Shapes(network, settings.BatchSize))
            context.WriteLine(line);
        (BenchReport report, IReadOnlyList<NotebookBenchmark.Outcome> outcomes) = runner.Run(settings, context);
        if (report.Runs.Count > 0)
            context.WriteLine(Rates(report.Runs, report.PeakMemoryBytes));
        IReadOnlyList<LayerReport>? layers = context.Get(_perLayer) ? outcomes[^1].Layers : null;
        if (layers is { Count: > 0 })
            context.WriteTable(context.Get(_explain) ? LayerTimes.ToTable(layers, outcomes[^1].Floors) : LayerTimes.ToTable(layers));
        WarnOfNoise(context, [report]);
        if (csv is not null)
            OutputFile.Write("--csv", csv, Csv(runs, outcomes));
        _json.Write(context, (report with { LayerTimes = layers }).ToJson);
        if (!context.Cancellation.IsCancellationRequested)
            return ExitCode.Success;
        context.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"alexnet bench: interrupted after {outcomes.Sum(o => o.Durations.Count)} of {runs.Length * settings.Batches} timed steps"));
        return ExitCode.Interrupted;
    }

    private int RunSweep(BenchRunner runner, BenchSettings[] combinations, string? plot, CommandContext context)
    {
        var reports = new List<BenchReport>();
        foreach (BenchSettings settings in combinations)
            if (!context.Cancellation.IsCancellationRequested)
                reports.Add(runner.Run(settings, context).Report);
        context.WriteTable(SweepReport.ToTable(reports));
        WarnOfNoise(context, reports);
        if (plot is not null && reports.Any(report => report.Runs.Count > 0))
            OutputFile.Write("--plot", plot, SweepReport.ToPng(reports));
        _json.Write(context, () => BenchReport.ToJson(new BenchSweep(BenchReport.CurrentSchema, reports)));
        if (!context.Cancellation.IsCancellationRequested)
            return ExitCode.Success;
        context.Note(FormattableString.Invariant($"alexnet bench: interrupted after {reports.Count} of {combinations.Length} combinations"));
        return ExitCode.Interrupted;
    }

    /// <summary>Creates the network given on the command line.</summary>
    private NetworkDefinition ChooseNetwork(CommandContext context) =>
        NetworkChoice.Create(context.Get(_network), imageSize: context.Get(_imageSize), asInNotebook: true);

    private Model Load(string path, CommandContext context) =>
        context.Has(_network) ? ModelFile.Load(path, NetworkChoice.Check(context.Get(_network))) : ModelFile.Load(path);

    private static Preprocessing PreprocessingOf(Model? model, NetworkDefinition? chosen, Network network) =>
        (model is null ? chosen!.Preprocessing : model.Preprocessing)
        ?? throw new UsageException($"--images: no preprocessing is known for network '{network.Name}'; remove --images");

    private BenchSettings Settings(CommandContext context, Network network, int batchSize, int threads) => new(
        context.Get(_model), batchSize, network.InputShape.Height, network.InputShape.Width, threads,
        context.Get(_gradients) == GradientScope.All ? "all" : "conv", context.Get(_precise),
        context.Get(_bfloat16) ? "bfloat16" : context.Get(_int8) ? "int8" : "float32",
        context.Get(_burnIn), context.Get(_batches), context.Get(_seed), context.Get(_images) ?? "noise");

    private int RunLoader(string data, CommandContext context)
    {
        _json.Begin(context);
        var options = new DataLoaderOptions
        {
            BatchSize = context.Get(_batchSizes).Values[0],
            Threads = context.Get(_threads).Values[0],
            Seed = context.Get(_seed),
        };
        LoaderReport report = new LoaderBenchmark(
            data, context.Get(_network), context.Get(_imageSize), options, context.Get(_burnIn), context.Get(_batches), _decoding.Decoder(context)).Run(context);
        context.WriteLine(Machine.Current.Describe(options.Threads));
        context.WriteLine(FormattableString.Invariant(
            $"{report.Description}: {report.Images} images to {report.ImageSize}×{report.ImageSize}, batches of {report.BatchSize}"));
        context.WriteTable(report.ToTable());
        _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    private static void WarnOfNoise(CommandContext context, IReadOnlyList<BenchReport> reports)
    {
        foreach (BenchReport report in reports)
            foreach (RunReport run in report.Runs)
                if (run.Noise is { } noise)
                    context.WriteLine(FormattableString.Invariant(
                        $"noisy: {run.Name}, batch {report.Settings.BatchSize}: {noise}: the machine was busy with other work; measure again when it is idle"));
    }

    private static string Rates(IReadOnlyList<RunReport> reports, long peakMemory) =>
        string.Join("; ", reports.Select(r => FormattableString.Invariant($"{r.Name} {r.ImagesPerSecond:0.0} images/s, {r.Gflops:0.0} GFLOP/s")))
        + FormattableString.Invariant($" (every convolution counted as direct convolution); peak memory {peakMemory / 1e9:0.00} GB");

    private static byte[] Csv(string[] runs, IReadOnlyList<NotebookBenchmark.Outcome> outcomes)
    {
        var text = new StringBuilder("run,step,seconds\n");
        for (int r = 0; r < outcomes.Count; r++)
            for (int i = 0; i < outcomes[r].Durations.Count; i++)
                text.Append(CultureInfo.InvariantCulture, $"{runs[r]},{i},{outcomes[r].Durations.Seconds[i]:0.000000}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
