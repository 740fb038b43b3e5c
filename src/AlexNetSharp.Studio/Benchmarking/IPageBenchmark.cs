namespace AlexNetSharp.Studio.Benchmarking;

/// <summary>The benchmark behind the page; the command has it, because <c>alexnet bench</c> is it.</summary>
internal interface IPageBenchmark
{
    /// <summary>What it runs on, in a line.</summary>
    string Machine { get; }

    /// <summary>Measures.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    BenchOutcome Run(BenchRequest request, Action<BenchStep> progress, CancellationToken cancellation);

    /// <summary>Compares two files of <c>alexnet bench --json</c>.</summary>
    /// <exception cref="InvalidDataException">One is none, or they did not do the same work; the message says so.</exception>
    BenchDifference Compare(string firstName, byte[] first, string name, byte[] other);
}

/// <summary>What to measure.</summary>
/// <param name="BatchSize">Images of a step.</param>
/// <param name="Batches">Steps that count.</param>
/// <param name="AllGradients">Gradients of all parameters, not of the convolutions' alone.</param>
internal sealed record BenchRequest(int BatchSize, int Batches, bool AllGradients);

/// <summary>A step that is done.</summary>
internal sealed record BenchStep(string Run, int Done, int Total, double Seconds);

/// <summary>What was measured.</summary>
/// <param name="Report">As <c>alexnet bench --json</c> writes it.</param>
/// <param name="Runs">Layers of each run.</param>
internal sealed record BenchOutcome(string Report, IReadOnlyList<BenchRunLayers> Runs);

/// <summary>The layers of a run.</summary>
internal sealed record BenchRunLayers(string Run, IReadOnlyList<BenchLayer> Layers);

/// <summary>Layers that are one operation: times and floors in seconds, and what takes the floor: × multiplications, mem memory.</summary>
internal sealed record BenchLayer(
    string Name, string Algorithm, double ForwardFloor, string ForwardBy, double BackwardFloor, string BackwardBy, IReadOnlyList<BenchCandidate> Candidates)
{
    public double ForwardSeconds { get; init; }

    public double BackwardSeconds { get; init; }

    public double PrepareSeconds { get; init; }
}

/// <summary>An algorithm that was asked.</summary>
internal sealed record BenchCandidate(string Algorithm, bool Accepted, string Reason);

/// <summary>Two results beside each other.</summary>
/// <param name="Rows">A row for each run.</param>
/// <param name="Differences">What they were measured with that is not the same.</param>
internal sealed record BenchDifference(IReadOnlyList<BenchRatio> Rows, string Differences);

/// <summary>A run in two results: medians in seconds, how many times as fast the other is, and the 95 % interval.</summary>
internal sealed record BenchRatio(string What, double First, double Other, double Ratio, double Low, double High, string Verdict);
