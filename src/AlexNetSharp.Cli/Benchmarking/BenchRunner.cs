using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Measures one combination of settings and reports on it.</summary>
/// <param name="network">The network.</param>
/// <param name="parameters">Its weights; null for random ones.</param>
/// <param name="runs">Runs to measure: <see cref="NotebookBenchmark.Forward"/>, <see cref="NotebookBenchmark.ForwardBackward"/>.</param>
internal sealed class BenchRunner(Network network, ParameterSet? parameters, string[] runs)
{
    /// <summary>Images to fill the batch with; null for noise.</summary>
    public ImageBatch? Images { get; set; }

    /// <summary>Whether memory bandwidth and multiply-add peak are also measured, for the JSON report.</summary>
    public bool Probes { get; init; }

    /// <summary>Whether to omit the notebook's lines; whether to explain the algorithms.</summary>
    public bool Quiet { get; init; }

    /// <inheritdoc cref="Quiet"/>
    public bool Explain { get; init; }

    /// <summary>Results of the runs, with their report.</summary>
    public sealed record Result(BenchReport Report, IReadOnlyList<NotebookBenchmark.Outcome> Outcomes);

    /// <summary>Rejects settings that need more memory than is available.</summary>
    /// <exception cref="UsageException">There is not enough memory.</exception>
    public void CheckMemory(BenchSettings settings)
    {
        int batchSize = settings.BatchSize;
        try
        {
            long needed = Benchmark(settings).EstimateMemory(runs), available = SystemMemory.AvailableBytes;
            if (needed > available)
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"batch size {batchSize} needs {needed / 1e9:0.0} GB of memory, but {available / 1e9:0.0} GB are available; use a smaller batch or image"));
        }
        catch (OverflowException e)
        {
            throw TooLarge(e);
        }
        if (network.InputShape.Length > int.MaxValue / batchSize)
            throw TooLarge(null);

        UsageException TooLarge(Exception? cause) => new(
            FormattableString.Invariant($"batch size {batchSize} needs more memory than can be addressed; use a smaller batch or image"), cause);
    }

    /// <summary>Runs the benchmark for a command; runs are missing after an interruption.</summary>
    public Result Run(BenchSettings settings, CommandContext context) => Run(
        settings,
        (run, done, total, seconds) => context.Progress.Show(run, done, total, FormattableString.Invariant($"{seconds:0.000} s / batch")),
        context.Cancellation,
        context.WriteLine);

    /// <summary>Runs the benchmark; runs are missing after an interruption.</summary>
    /// <param name="settings">Settings of the benchmark.</param>
    /// <param name="progress">Called after every step with the run, steps done, total steps, and seconds of the step.</param>
    /// <param name="cancellation">Checked between steps.</param>
    /// <param name="writeLine">Receives lines of text; null for none.</param>
    public Result Run(BenchSettings settings, Action<string, int, int, double> progress, CancellationToken cancellation, Action<string>? writeLine = null)
    {
        NotebookBenchmark benchmark = Benchmark(settings);
        NotebookBenchmark.ImageSource images = Images is null ? benchmark.Noise : Images.Fill;
        var outcomes = new List<NotebookBenchmark.Outcome>();
        ParameterSet? random = parameters is null ? ParameterSet.Initialize(network, settings.Seed) : null;
        double? memory = Probes ? MemoryBandwidth.Measure(settings.Threads) : null;
        foreach (string run in runs)
        {
            if (cancellation.IsCancellationRequested)
                break;
            double? before = Probes ? FmaPeak.Measure(settings.Threads) : null;
            NotebookBenchmark.Outcome outcome = benchmark.Run(run, parameters ?? random!, new NotebookBenchmark.Surroundings(images, progress, cancellation)
            {
                WriteLine = Quiet ? null : writeLine,
                Explain = Explain ? writeLine : null,
                Speeds = before is { } peak && memory is { } bandwidth ? (peak, bandwidth) : null,
            });
            if (before is { } start && outcome.Report is { } report && !cancellation.IsCancellationRequested)
            {
                double after = FmaPeak.Measure(settings.Threads);
                outcome = outcome with
                {
                    Report = report with { PeakBeforeGflops = start, PeakAfterGflops = after, Noise = Noise.Describe(outcome.Durations, (start, after)) },
                };
            }
            outcomes.Add(outcome);
        }
        random?.Dispose();
        string layers = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(network.ToJson())))[..16];
        return new Result(
            new BenchReport(
                BenchReport.CurrentSchema, VersionLine.Version, DateTimeOffset.Now, network.Name, layers, settings, Machine.Current, memory,
                Machine.PeakMemoryBytes, [.. outcomes.Select(outcome => outcome.Report).OfType<RunReport>()]),
            outcomes);
    }

    private NotebookBenchmark Benchmark(BenchSettings settings) => new(
        network,
        new PlanOptions
        {
            BatchSize = settings.BatchSize,
            Threads = settings.Threads,
            Gradients = settings.Gradients == "all" ? GradientScope.All : GradientScope.Convolution,
            Precise = settings.Precise,
            Precision = Enum.Parse<Precision>(settings.Precision, ignoreCase: true),
            Seed = settings.Seed,
        },
        settings.BurnIn,
        settings.Batches);
}
