using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Lower bounds on an operation's time in ms: multiply-adds at peak rate or bytes at memory bandwidth, whichever is longer.</summary>
/// <param name="Forward">Bound of the forward pass.</param>
/// <param name="ForwardBy">What determines it: × (multiply-adds) or mem (memory).</param>
/// <param name="Backward">Bound of the backward pass.</param>
/// <param name="BackwardBy">What determines it.</param>
internal sealed record Floor(double Forward, string ForwardBy, double Backward, string BackwardBy)
{
    /// <summary>Returns the floors of all operations of a plan, in order; see <see cref="Of"/>.</summary>
    public static Floor[] AllOf(Plan plan, double peak, double bandwidth) =>
        [.. Enumerable.Range(0, plan.Operations.Count).Select(i => Of(plan, i, peak, bandwidth))];

    /// <summary>Returns the floor of an operation.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="operation">Index of the operation.</param>
    /// <param name="peak">Multiply-add peak of all threads, in GFLOP/s.</param>
    /// <param name="bandwidth">Memory read bandwidth of all threads, in GB/s.</param>
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
        // gradients, and the gradient of the input; the first layer has none and does not read its weights again. Fully connected weights may be
        // narrower in the forward pass.
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
