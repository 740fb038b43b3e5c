using System.Text;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Execution;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Benchmarking;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The notebook's benchmark for the studio's page: what <c>alexnet bench --json --per-layer</c> measures, with the floors of the layers.</summary>
/// <param name="threads">Number of compute threads; 0 for one per CPU.</param>
internal sealed class PageBenchmark(int threads) : IPageBenchmark
{
    private const string NetworkName = "tensorflow";
    private const int BurnIn = 5;

    private readonly int _threads = threads == 0 ? Environment.ProcessorCount : threads;

    /// <inheritdoc/>
    public string Machine => Benchmarking.Machine.Current.Describe(_threads);

    /// <inheritdoc/>
    public BenchOutcome Run(BenchRequest request, Action<BenchStep> progress, CancellationToken cancellation)
    {
        Network network = NetworkChoice.Create(NetworkName, asInNotebook: true).Network;
        var runner = new BenchRunner(network, null, [NotebookBenchmark.Forward, NotebookBenchmark.ForwardBackward])
        {
            Probes = true,
        };
        var settings = new BenchSettings(
            null, request.BatchSize, network.InputShape.Height, network.InputShape.Width, _threads, request.AllGradients ? "all" : "conv", false, "float32",
            BurnIn, request.Batches, 0, "noise");
        runner.CheckMemory(settings);
        (BenchReport report, IReadOnlyList<NotebookBenchmark.Outcome> outcomes) =
            runner.Run(settings, (run, done, total, seconds) => progress(new BenchStep(run, done, total, seconds)), cancellation);
        cancellation.ThrowIfCancellationRequested();
        var runs = new List<BenchRunLayers>();
        foreach (NotebookBenchmark.Outcome outcome in outcomes)
            if (outcome.Report is { } run)
                runs.Add(new BenchRunLayers(run.Name, [.. outcome.Operations.Select((operation, i) => Layer(operation, outcome.Floors[i], outcome.Layers[i]))]));
        return new BenchOutcome(Encoding.UTF8.GetString((report with { LayerTimes = outcomes[^1].Layers }).ToJson()), runs);
    }

    /// <inheritdoc/>
    public BenchDifference Compare(string firstName, byte[] first, string name, byte[] other)
    {
        IReadOnlyList<BenchReport> mine = BenchReport.Parse(first, firstName), others = BenchReport.Parse(other, name);
        return new BenchDifference(
            [.. BenchComparison.Compare(firstName, mine, name, others).Select(row => new BenchRatio(row.What, row.First, row.Other, row.Ratio, row.Low, row.High, row.Verdict))],
            BenchComparison.Differences(mine[0], others[0]));
    }

    private static BenchLayer Layer(PlanOperation operation, Floor floor, LayerReport times) => new(
        operation.Name, operation.Algorithm, floor.Forward / 1000, floor.ForwardBy, times.BackwardSeconds > 0 ? floor.Backward / 1000 : 0, floor.BackwardBy,
        [.. operation.Candidates.Select(candidate => new BenchCandidate(candidate.Algorithm, candidate.Accepted, candidate.Reason))])
    {
        ForwardSeconds = times.ForwardSeconds,
        BackwardSeconds = times.BackwardSeconds ?? 0,
        PrepareSeconds = times.PrepareSeconds,
    };
}
