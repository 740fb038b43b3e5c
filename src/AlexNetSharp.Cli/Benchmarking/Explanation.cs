using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Explains how a plan computes each layer, and why.</summary>
internal static class Explanation
{
    /// <summary>One line per operation, followed by one per algorithm that was considered.</summary>
    public static IEnumerable<string> Lines(string run, Plan plan)
    {
        yield return FormattableString.Invariant($"{run}: {plan.Operations.Count} operations, {plan.MemoryBytes / 1e6:0} MB in addition to the parameters");
        foreach (PlanOperation operation in plan.Operations)
        {
            yield return $"  {operation.Name}: {operation.Algorithm}{(plan.Gradients is null ? "" : $" ({Mode(operation)})")}{Bounds(operation)}";
            foreach ((string algorithm, bool accepted, string reason) in operation.Candidates)
                yield return $"    {algorithm} {(accepted ? "accepts" : "refuses")}{(reason.Length > 0 ? ": " : "")}{reason}";
        }

        // With one or two threads there is nothing to report.
        string Bounds(PlanOperation shown)
        {
            if (plan.Threads <= 2 || shown.ScalingBound(backward: false, plan.Threads) is not { } forward)
                return "";
            double? backward = shown.Mode == OperationMode.Inference ? null : shown.ScalingBound(backward: true, plan.Threads);
            return FormattableString.Invariant(
                $"; scales to at most {forward:0.0} of {plan.Threads} threads{(backward is { } b ? FormattableString.Invariant($", backward {b:0.0}") : "")}");
        }

        string Mode(PlanOperation shown) => shown.Mode switch
        {
            OperationMode.Learns => "learns",
            OperationMode.PassesGradient => "passes the gradient on",
            _ => string.Concat(shown.Layers.Where(IsDropout).Select(layer => $"{layer} off, ")) + "as in inference",
        };

        bool IsDropout(string layer) => plan.Network.Layers[plan.Network.IndexOf(layer)] is Dropout;
    }
}
