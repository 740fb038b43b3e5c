using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The two runs of TensorFlow's AlexNet notebook: <c>forward</c>, and <c>forward-backward</c> with its objective l2_loss.</summary>
/// <param name="Network">The network.</param>
/// <param name="Options">Batch size, threads, precision and seed; <see cref="PlanOptions.Gradients"/> applies to the second run.</param>
/// <param name="BurnIn">Number of warm-up steps.</param>
/// <param name="Batches">Number of measured steps.</param>
internal sealed record NotebookBenchmark(Network Network, PlanOptions Options, int BurnIn, int Batches)
{
    /// <summary>Name of the first run.</summary>
    public const string Forward = "forward";

    /// <summary>Name of the second run.</summary>
    public const string ForwardBackward = "forward-backward";

    /// <summary>Random number stream of the images, far from those of the parameters and dropout masks, which count from 0.</summary>
    private const uint ImageStream = uint.MaxValue;

    /// <summary>Fills the batch.</summary>
    /// <param name="batch">[batch, height, width, channels].</param>
    public delegate void ImageSource(Span<float> batch);

    /// <summary>The environment of a run.</summary>
    /// <param name="Images">Fills the batch, once per run.</param>
    /// <param name="Progress">Called after every step with the run, steps done, total steps, and seconds of the step.</param>
    /// <param name="Cancellation">Checked between steps.</param>
    public sealed record Surroundings(ImageSource Images, Action<string, int, int, double> Progress, CancellationToken Cancellation)
    {
        /// <summary>Receives the notebook's lines; null to omit them.</summary>
        public Action<string>? WriteLine { get; init; }

        /// <summary>Receives lines about the choice of algorithms; null to omit them.</summary>
        public Action<string>? Explain { get; init; }

        /// <summary>Multiply-add peak of all threads in GFLOP/s and memory read bandwidth in GB/s, from which the floors are computed; null for none.</summary>
        public (double Peak, double Bandwidth)? Speeds { get; init; }
    }

    /// <summary>Result of a run.</summary>
    /// <param name="Report">Statistics; null if the user interrupted before the first measured step.</param>
    /// <param name="Durations">Duration of each step.</param>
    /// <param name="Layers">Mean times by layer.</param>
    /// <param name="Operations">The plan's operations, one for each entry of <paramref name="Layers"/>.</param>
    /// <param name="Floors">Floors of the operations; empty if the machine's speeds were not measured.</param>
    public sealed record Outcome(
        RunReport? Report, DurationStatistics Durations, IReadOnlyList<LayerReport> Layers, IReadOnlyList<PlanOperation> Operations, IReadOnlyList<Floor> Floors);

    /// <summary>Returns the options of a run's plan.</summary>
    public PlanOptions OptionsOf(string run) => run != Forward ? Options : new()
    {
        BatchSize = Options.BatchSize,
        Threads = Options.Threads,
        Precise = Options.Precise,
        Precision = Options.Precision,
        Seed = Options.Seed,
    };

    /// <summary>Estimates the memory of the largest of the given runs, in bytes.</summary>
    /// <exception cref="OverflowException">The sizes exceed 64 bits.</exception>
    public long EstimateMemory(IEnumerable<string> runs) => runs.Max(run => Plan.EstimateMemory(Network, OptionsOf(run)));

    /// <summary>Fills a batch with noise like the notebook's images: normal with standard deviation 0.1.</summary>
    public void Noise(Span<float> batch) => new Philox(Options.Seed, ImageStream).FillNormal(batch, deviation: 0.1f);

    /// <summary>Creates a plan and runs it.</summary>
    /// <param name="run"><see cref="Forward"/> or <see cref="ForwardBackward"/>.</param>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="surroundings">Images, progress, cancellation, output.</param>
    public Outcome Run(string run, ParameterSet parameters, Surroundings surroundings)
    {
        using var plan = new Plan(Network, parameters, OptionsOf(run));
        if (surroundings.Explain is { } explain)
            foreach (string line in Explanation.Lines(run, plan))
                explain(line);
        surroundings.Images(plan.Input);

        bool backward = run == ForwardBackward;
        var times = new LayerTimes(plan, preparesEachStep: backward);
        var timedRun = new TimedRun(run, BurnIn, Batches)
        {
            WriteLine = surroundings.WriteLine ?? (_ => { }),
            Progress = (done, seconds) => surroundings.Progress(run, done, BurnIn + Batches, seconds),
        };
        DurationStatistics durations = timedRun.Run(
            backward ? step => ForwardBackwardStep(plan, step) : step => plan.Forward(training: true, (ulong)step), times.Add, surroundings.Cancellation);
        var work = new DirectWork(Network, plan.Options.Gradients);
        return new Outcome(
            durations.Count > 0 ? RunReport.From(run, durations, Options.BatchSize, work.ForwardBackward) : null, durations, times.Report(), plan.Operations,
            surroundings.Speeds is (double peak, double bandwidth) ? Floor.AllOf(plan, peak, bandwidth) : []);
    }

    private static void ForwardBackwardStep(Plan plan, int step)
    {
        // As if an optimizer had changed the weights, so that their transformation is measured.
        plan.Parameters.MarkChanged();
        plan.Forward(training: true, (ulong)step);
        // l2_loss(t) = sum(t²) / 2, so its gradient with respect to t is t.
        plan.Output.CopyTo(plan.OutputGradient);
        plan.Backward();
    }
}
