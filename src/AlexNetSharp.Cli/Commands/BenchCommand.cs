using System.CommandLine;
using System.Globalization;
using System.Text;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet bench</c>: times forward and forward-backward as TensorFlow's AlexNet notebook does, and prints what it prints.</summary>
internal sealed class BenchCommand : CliCommand
{
    private readonly Option<string> _network = CommandOptions.Network();
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(32, "images in a batch");
    private readonly Option<int> _batches = CommandOptions.Integer("--batches", "steps that count", 100, 1, 10_000_000);
    private readonly Option<int> _burnIn = CommandOptions.Integer("--burn-in", "warm-up steps, not timed", 10, 0, 10_000_000);
    private readonly Option<int?> _imageSize = CommandOptions.ImageSize();
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly ChoiceOption<GradientScope> _gradients = new(
        "--gradients", "gradients that forward-backward computes: the convolutions' only, as in the notebook, or all", null,
        ("conv", GradientScope.Convolution), ("all", GradientScope.All));
    private readonly Option<bool> _forwardOnly = CommandOptions.Switch("--forward-only", "time forward only");
    private readonly Option<bool> _forwardBackwardOnly = CommandOptions.Switch("--forward-backward-only", "leave forward out");
    private readonly Option<ulong> _seed = CommandOptions.Seed();
    private readonly Option<string?> _images = CommandOptions.Path(
        "--images", "an image or a folder of images to fill the batch with instead of noise; repeated as needed", "PATH");
    private readonly Option<string?> _data = CommandOptions.Path(
        "--data", "time only how fast this dataset loads (the folder that 'alexnet train' takes): from files and from memory, plain and augmented", "DATA");
    private readonly Option<bool> _precise = CommandOptions.Switch(
        "--precise", "use only convolution algorithms that round no worse than direct convolution (no Winograd)");
    private readonly Option<bool> _bfloat16 = CommandOptions.Switch(
        "--bfloat16", "store the fully connected weights as bfloat16, which halves their memory traffic; needs --forward-only");
    private readonly Option<bool> _perLayer = CommandOptions.Switch("--per-layer", "a table of times by layer");
    private readonly Option<bool> _explain = CommandOptions.Switch("--explain", "show which algorithms were considered for each layer, and why each was chosen or rejected");
    private readonly Option<string?> _csv = CommandOptions.Path("--csv", "print the duration of each step");
    private readonly JsonOutput _json;

    public BenchCommand()
        : base("bench", "Time forward and forward-backward, as TensorFlow's AlexNet notebook does.")
    {
        foreach (Option option in (Option[])
            [_network, _batchSize, _batches, _burnIn, _imageSize, _threads, _gradients, _forwardOnly, _forwardBackwardOnly, _seed, _images, _data,
             _precise, _bfloat16, _perLayer, _explain, _csv])
            Add(option);
        _json = new JsonOutput(this, "; gflops counts a multiply-add as two and every convolution as direct convolution");
        Validators.Add(result =>
        {
            if (result.GetValue(_forwardOnly) && result.GetValue(_forwardBackwardOnly))
                result.AddError("--forward-only and --forward-backward-only leave nothing to run; give one of them");
            if (result.GetValue(_bfloat16) && !result.GetValue(_forwardOnly))
                result.AddError("--bfloat16 is for inference; give --forward-only with it");
            if (result.GetValue(_data) is not null && OfNetwork.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } other)
                result.AddError($"--data times the loading of images, where {other.Name} has no meaning; leave one of them out");
        });
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet bench                                        what the notebook does",
        "alexnet bench --gradients all --per-layer            gradients of all parameters, times by layer",
        "alexnet bench --batch-size 1 --forward-only          one image at a time",
        "alexnet bench --network vgg16 --batch-size 8         another network, by name or from a file",
        "alexnet bench --images images/ --forward-only      a folder of images instead of noise",
        "alexnet bench --batches 20 --json result.json        results for a program",
        "alexnet bench --data images --batch-size 128       how fast images are decoded, resized and augmented",
    ];

    /// <summary>What says how a network is computed.</summary>
    private Option[] OfNetwork => [_gradients, _forwardOnly, _forwardBackwardOnly, _images, _precise, _bfloat16, _perLayer, _explain, _csv];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        if (context.Get(_data) is { } data)
            return RunLoader(data, context);
        string? csv = context.Get(_csv);
        OutputFile.CheckDifferent("--csv", csv, "--json", _json.FileOf(context));
        OutputFile.Check("--csv", csv);
        _json.Begin(context);

        string name = context.Get(_network);
        NetworkDefinition chosen = NetworkChoice.Create(name, imageSize: context.Get(_imageSize), asInNotebook: true);
        Network network = chosen.Network;
        GradientScope gradients = context.Get(_gradients);
        int batchSize = context.Get(_batchSize), threads = context.Get(_threads);
        var benchmark = new NotebookBenchmark(
            network,
            new PlanOptions
            {
                BatchSize = batchSize,
                Threads = threads,
                Gradients = gradients,
                Precise = context.Get(_precise),
                Precision = context.Get(_bfloat16) ? Precision.BFloat16 : Precision.Float32,
                Seed = context.Get(_seed),
            },
            context.Get(_burnIn),
            context.Get(_batches));
        string[] runs = context.Get(_forwardOnly) ? [NotebookBenchmark.Forward]
            : context.Get(_forwardBackwardOnly) ? [NotebookBenchmark.ForwardBackward]
            : [NotebookBenchmark.Forward, NotebookBenchmark.ForwardBackward];
        CheckMemory(benchmark, runs);

        NotebookBenchmark.ImageSource images = context.Get(_images) is { } path
            ? new ImageBatch(path, chosen.Preprocessing ?? throw new UsageException($"--images: {name} does not say how images are prepared; leave it out"), batchSize).Fill
            : benchmark.Noise;

        context.WriteLine(Machine.Current.Describe(threads) + NativeBuild.Suffix);
        foreach (string line in NotebookFormat.Shapes(network, batchSize))
            context.WriteLine(line);
        List<NotebookBenchmark.Outcome> outcomes = RunAll(benchmark, runs, images, context);
        List<RunReport> reports = [.. outcomes.Select(outcome => outcome.Report).OfType<RunReport>()];

        bool interrupted = context.Cancellation.IsCancellationRequested;
        long peakMemory = Machine.PeakMemoryBytes;
        if (reports.Count > 0)
            context.WriteLine(Rates(reports, peakMemory));
        IReadOnlyList<LayerReport>? layers = context.Get(_perLayer) ? outcomes[^1].Layers : null;
        if (layers is { Count: > 0 })
            context.WriteTable(LayerTimes.ToTable(layers));
        if (csv is not null)
            OutputFile.Write("--csv", csv, Csv(runs, outcomes));
        _json.Write(context, new BenchReport(
            chosen.Entry?.Name ?? network.Name, batchSize, network.InputShape.Height, threads, gradients == GradientScope.All ? "all" : "conv", Machine.Current,
            peakMemory, reports)
        { Layers = layers }.ToJson);
        if (!interrupted)
            return ExitCode.Success;
        context.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"alexnet bench: interrupted after {outcomes.Sum(o => o.Durations.Count)} of {runs.Length * benchmark.Batches} steps that count"));
        return ExitCode.Interrupted;
    }

    private int RunLoader(string data, CommandContext context)
    {
        _json.Begin(context);
        var options = new DataLoaderOptions { BatchSize = context.Get(_batchSize), Threads = context.Get(_threads), Seed = context.Get(_seed) };
        LoaderReport report = new LoaderBenchmark(
            data, context.Get(_network), context.Get(_imageSize), options, context.Get(_burnIn), context.Get(_batches)).Run(context);
        context.WriteLine(Machine.Current.Describe(options.Threads));
        context.WriteLine(FormattableString.Invariant(
            $"{report.Description}: {report.Images} images to {report.ImageSize}×{report.ImageSize}, batches of {report.BatchSize}"));
        context.WriteTable(report.ToTable());
        _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    private List<NotebookBenchmark.Outcome> RunAll(
        NotebookBenchmark benchmark, string[] runs, NotebookBenchmark.ImageSource images, CommandContext context)
    {
        var outcomes = new List<NotebookBenchmark.Outcome>();
        using ParameterSet parameters = ParameterSet.Initialize(benchmark.Network, benchmark.Options.Seed);
        var surroundings = new NotebookBenchmark.Surroundings(context, images, context.Get(_explain));
        foreach (string run in runs)
            if (!context.Cancellation.IsCancellationRequested)
                outcomes.Add(benchmark.Run(run, parameters, surroundings));
        return outcomes;
    }

    private static void CheckMemory(NotebookBenchmark benchmark, string[] runs)
    {
        int batchSize = benchmark.Options.BatchSize;
        try
        {
            long needed = benchmark.EstimateMemory(runs), available = SystemMemory.AvailableBytes;
            if (needed > available)
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"batch size {batchSize} needs {needed / 1e9:0.0} GB of memory, but {available / 1e9:0.0} GB are available; use a smaller batch or image"));
        }
        catch (OverflowException e)
        {
            throw TooLarge(e);
        }
        if (benchmark.Network.InputShape.Length > int.MaxValue / batchSize)
            throw TooLarge(null);

        UsageException TooLarge(Exception? cause) => new(
            FormattableString.Invariant($"batch size {batchSize} needs more memory than can be addressed; use a smaller batch or image"), cause);
    }

    private static string Rates(IReadOnlyList<RunReport> reports, long peakMemory) =>
        string.Join("; ", reports.Select(r => FormattableString.Invariant($"{r.Name} {r.ImagesPerSecond:0.0} images/s, {r.Gflops:0.0} GFLOP/s")))
        + FormattableString.Invariant($" (every convolution counted as direct convolution); peak memory {peakMemory / 1e9:0.00} GB");

    private static byte[] Csv(string[] runs, List<NotebookBenchmark.Outcome> outcomes)
    {
        var text = new StringBuilder("run,step,seconds\n");
        for (int r = 0; r < outcomes.Count; r++)
            for (int i = 0; i < outcomes[r].Durations.Count; i++)
                text.Append(CultureInfo.InvariantCulture, $"{runs[r]},{i},{outcomes[r].Durations.Seconds[i]:0.000000}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
