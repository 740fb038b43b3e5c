using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Says how a plan computes each layer and why not otherwise.</summary>
internal static class Explanation
{
    /// <summary>A line for each operation, and below it one for each algorithm that was asked.</summary>
    public static IEnumerable<string> Lines(string run, Plan plan)
    {
        yield return FormattableString.Invariant($"{run}: {plan.Operations.Count} operations, {plan.MemoryBytes / 1e6:0} MB beside the parameters");
        foreach (PlanOperation operation in plan.Operations)
        {
            yield return $"  {operation.Name}: {operation.Algorithm}{(plan.Gradients is null ? "" : $" ({Mode(operation)})")}";
            foreach ((string algorithm, bool accepted, string reason) in operation.Candidates)
                yield return $"    {algorithm} {(accepted ? "accepts" : "refuses")}{(reason.Length > 0 ? ": " : "")}{reason}";
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
