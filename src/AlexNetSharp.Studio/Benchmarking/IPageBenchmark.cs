namespace AlexNetSharp.Studio.Benchmarking;

/// <summary>The benchmark behind the page; implemented by the command, because it is <c>alexnet bench</c>.</summary>
internal interface IPageBenchmark
{
    /// <summary>One-line description of the machine.</summary>
    string Machine { get; }

    /// <summary>Runs the benchmark.</summary>
    /// <exception cref="OperationCanceledException">The benchmark was canceled.</exception>
    BenchOutcome Run(BenchRequest request, Action<BenchStep> progress, CancellationToken cancellation);

    /// <summary>Compares two files of <c>alexnet bench --json</c>.</summary>
    /// <exception cref="InvalidDataException">A file is not a result, or the two did not do the same work; the message says which.</exception>
    BenchDifference Compare(string firstName, byte[] first, string name, byte[] other);
}

/// <summary>What to measure.</summary>
/// <param name="BatchSize">Images per step.</param>
/// <param name="Batches">Number of measured steps.</param>
/// <param name="AllGradients">Whether to compute the gradients of all parameters, not only those of the convolutions.</param>
internal sealed record BenchRequest(int BatchSize, int Batches, bool AllGradients);

/// <summary>A completed step.</summary>
internal sealed record BenchStep(string Run, int Done, int Total, double Seconds);

/// <summary>Result of a benchmark.</summary>
/// <param name="Report">The report that <c>alexnet bench --json</c> writes.</param>
/// <param name="Runs">The layers of each run.</param>
internal sealed record BenchOutcome(string Report, IReadOnlyList<BenchRunLayers> Runs);

/// <summary>The layers of a run.</summary>
internal sealed record BenchRunLayers(string Run, IReadOnlyList<BenchLayer> Layers);

/// <summary>Layers fused into one operation: times and floors in seconds, and what bounds the floor: × for multiplications, mem for memory.</summary>
internal sealed record BenchLayer(
    string Name, string Algorithm, double ForwardFloor, string ForwardBy, double BackwardFloor, string BackwardBy, IReadOnlyList<BenchCandidate> Candidates)
{
    public double ForwardSeconds { get; init; }

    public double BackwardSeconds { get; init; }

    public double PrepareSeconds { get; init; }
}

/// <summary>An algorithm that was considered.</summary>
internal sealed record BenchCandidate(string Algorithm, bool Accepted, string Reason);

/// <summary>Comparison of two results.</summary>
/// <param name="Rows">One row per run.</param>
/// <param name="Differences">Differences in the settings of the two measurements.</param>
internal sealed record BenchDifference(IReadOnlyList<BenchRatio> Rows, string Differences);

/// <summary>A run in two results: medians in seconds, the speedup of the other result, and its 95 % confidence interval.</summary>
internal sealed record BenchRatio(string What, double First, double Other, double Ratio, double Low, double High, string Verdict);
