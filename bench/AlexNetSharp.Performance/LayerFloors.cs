using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Execution;

namespace AlexNetSharp.Performance;

/// <summary>The time of every operation next to the lower bound from multiply-adds and memory traffic.</summary>
internal static class LayerFloors
{
    private const int Steps = 60;

    /// <summary>Returns one line per operation.</summary>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="threads">Number of compute threads.</param>
    /// <param name="peak">Multiply-add peak of all threads, in GFLOP/s.</param>
    /// <param name="bandwidth">Memory read bandwidth of all threads, in GB/s.</param>
    public static IEnumerable<string> Table(int batch, int threads, double peak, double bandwidth)
    {
        using var timed = new TimedPlan(batch, 224, threads, backward: true);
        Plan plan = timed.Plan;
        for (int i = 0; i < 5; i++)
            timed.Step();
        int n = plan.Operations.Count;
        double[][] forward = new double[n][], backward = new double[n][], prepare = new double[n][];
        for (int i = 0; i < n; i++)
            (forward[i], backward[i], prepare[i]) = (new double[Steps], new double[Steps], new double[Steps]);
        for (int step = 0; step < Steps; step++)
        {
            timed.Step();
            for (int i = 0; i < n; i++)
            {
                forward[i][step] = plan.Operations[i].Forward.TotalMilliseconds;
                backward[i][step] = plan.Operations[i].Backward.TotalMilliseconds;
                prepare[i][step] = plan.Operations[i].Prepare.TotalMilliseconds;
            }
        }

        yield return "| layers | forward ms | floor | share | backward ms | floor | share | weights ms |";
        yield return "|---|---|---|---|---|---|---|---|";
        double[] sums = new double[5];
        for (int i = 0; i < n; i++)
        {
            Floor floor = Floor.Of(plan, i, peak, bandwidth);
            double f = Median(forward[i]), b = Median(backward[i]), p = Median(prepare[i]);
            if (f + b < 0.3)
                continue;
            yield return FormattableString.Invariant(
                $"| {plan.Operations[i].Name} | {f:0.0} | {floor.Forward:0.0} {floor.ForwardBy} | {floor.Forward / f:0 %} | {b:0.0} | {floor.Backward:0.0} {floor.BackwardBy} | {floor.Backward / b:0 %} | {p:0.0} |");
            foreach ((int k, double value) in new[] { (0, f), (1, floor.Forward), (2, b), (3, floor.Backward), (4, p) })
                sums[k] += value;
        }
        yield return FormattableString.Invariant(
            $"| all | {sums[0]:0} | {sums[1]:0} | {sums[1] / sums[0]:0 %} | {sums[2]:0} | {sums[3]:0} | {sums[3] / sums[2]:0 %} | {sums[4]:0.0} |");
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
