using AlexNetSharp.Execution;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Says how a plan computes each layer and why not otherwise.</summary>
internal static class Explanation
{
    /// <summary>A line for each operation, and below it one for each algorithm that was asked.</summary>
    public static IEnumerable<string> Lines(string run, Plan plan)
    {
        yield return FormattableString.Invariant($"{run}: {plan.Steps.Count} operations, {plan.MemoryBytes / 1e6:0} MB beside the parameters");
        foreach (PlanStep step in plan.Steps)
        {
            yield return $"  {step.Name}: {step.Algorithm}";
            foreach ((string algorithm, bool accepted, string reason) in step.Candidates)
                yield return $"    {algorithm} {(accepted ? "accepts" : "refuses")}{(reason.Length > 0 ? ": " : "")}{reason}";
        }
    }
}
