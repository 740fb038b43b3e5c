using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The least time in milliseconds: multiplications at the peak or bytes at the speed of memory, whichever takes longer.</summary>
/// <param name="Forward">Of forward.</param>
/// <param name="ForwardBy">What takes it: × or mem.</param>
/// <param name="Backward">Of backward.</param>
/// <param name="BackwardBy">What takes it.</param>
internal sealed record Floor(double Forward, string ForwardBy, double Backward, string BackwardBy)
{
    /// <summary>Of all operations of a plan, in their order; see <see cref="Of"/>.</summary>
    public static Floor[] AllOf(Plan plan, double peak, double bandwidth) =>
        [.. Enumerable.Range(0, plan.Operations.Count).Select(i => Of(plan, i, peak, bandwidth))];

    /// <summary>Of an operation.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="operation">Its number.</param>
    /// <param name="peak">Multiply-adds of all threads, in GFLOP/s.</param>
    /// <param name="bandwidth">Reading of memory by all threads, in GB/s.</param>
    public static Floor Of(Plan plan, int operation, double peak, double bandwidth)
    {
        PlanOperation step = plan.Operations[operation];
        Network network = plan.Network;
        int first = network.IndexOf(step.Layers[0]), last = network.IndexOf(step.Layers[^1]);
        bool isFirst = first == 0;
        int batch = plan.BatchSize;
        long input = network.InputOf(first).Length * batch, output = network.OutputOf(last).Length * batch;
        long parameters = network.Parameters.Where(p => step.Layers.Any(layer => p.Name.StartsWith(layer + ".", StringComparison.Ordinal))).Sum(p => p.Length);
        // Every tensor once. Forward: input, parameters, output. Backward: the input, the gradient of the output, parameters and their
        // gradients, and the gradient of the input; the first layer has none, and needs its weights no more. Fully connected weights of forward
        // may be narrower.
        int weightBytes = network.Layers[first] is Linear ? plan.Options.Precision switch { Precision.Int8 => 1, Precision.BFloat16 => 2, _ => 4 } : 4;
        long forwardBytes = 4 * (input + output) + weightBytes * parameters;
        long backwardBytes = 4 * (input + output + parameters + (isFirst ? 0 : input + parameters));
        double multiplications = parameters > 0 ? 2e-6 * step.AlgorithmMultiplyAdds / peak : 0;
        (double forward, string forwardBy) = Larger(multiplications, forwardBytes * 1e-6 / bandwidth);
        (double backward, string backwardBy) = Larger(multiplications * (isFirst ? 1 : 2), backwardBytes * 1e-6 / bandwidth);
        return new Floor(forward, forwardBy, backward, backwardBy);
    }

    private static (double, string) Larger(double multiplications, double memory) =>
        multiplications >= memory ? (multiplications, "×") : (memory, "mem");
}
