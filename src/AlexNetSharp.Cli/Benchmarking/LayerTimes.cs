using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Execution;
using Spectre.Console;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Accumulates the times of a plan's operations over many steps.</summary>
internal sealed class LayerTimes
{
    private readonly Plan _plan;
    private readonly bool _preparesEachStep;
    private readonly TimeSpan[] _forward, _backward, _prepare;
    private int _steps;

    /// <summary>Creates an empty accumulator.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="preparesEachStep">Whether each step transforms weights again because they change.</param>
    public LayerTimes(Plan plan, bool preparesEachStep)
    {
        (_plan, _preparesEachStep) = (plan, preparesEachStep);
        _forward = new TimeSpan[plan.Operations.Count];
        _backward = new TimeSpan[plan.Operations.Count];
        _prepare = new TimeSpan[plan.Operations.Count];
    }

    /// <summary>Adds the times of the plan's last step. Allocates nothing.</summary>
    public void Add()
    {
        for (int i = 0; i < _forward.Length; i++)
        {
            PlanOperation step = _plan.Operations[i];
            _forward[i] += step.Forward;
            _backward[i] += step.Backward;
            if (_preparesEachStep)
                _prepare[i] += step.Prepare;
        }
        _steps++;
    }

    /// <summary>Returns the mean times; empty if nothing was added.</summary>
    public IReadOnlyList<LayerReport> Report()
    {
        var reports = new List<LayerReport>();
        bool backward = _plan.Gradients is not null;
        int batch = _plan.Options.BatchSize;
        var work = new DirectWork(_plan.Network, _plan.Options.Gradients);
        double total = (Sum(_forward) + Sum(_backward) + Sum(_prepare)).TotalSeconds;
        for (int i = 0; i < _forward.Length && _steps > 0; i++)
        {
            PlanOperation step = _plan.Operations[i];
            int[] layers = [.. step.Layers.Select(_plan.Network.IndexOf)];
            double forwardSeconds = _forward[i].TotalSeconds / _steps, backwardSeconds = _backward[i].TotalSeconds / _steps;
            reports.Add(new LayerReport(
                step.Name, step.Algorithm, forwardSeconds, backward ? backwardSeconds : null, _prepare[i].TotalSeconds / _steps,
                total > 0 ? (_forward[i] + _backward[i] + _prepare[i]).TotalSeconds / total : 0,
                Gflops(batch * layers.Sum(work.ForwardOf), forwardSeconds),
                backward ? Gflops(batch * layers.Sum(work.BackwardOf), backwardSeconds) : null));
        }
        return reports;
    }

    /// <summary>Formats the means as a table, in milliseconds.</summary>
    public static Table ToTable(IReadOnlyList<LayerReport> layers)
    {
        Table table = Tables.Create("layers", "algorithm", ">forward ms", ">GFLOP/s", ">backward ms", ">GFLOP/s", ">weights ms", ">share");
        foreach (LayerReport layer in layers)
            table.Row(
                layer.Name, layer.Algorithm, Milliseconds(layer.ForwardSeconds), Number(layer.ForwardGflops, "0"),
                Milliseconds(layer.BackwardSeconds), Number(layer.BackwardGflops, "0"), Milliseconds(layer.PrepareSeconds),
                Number(layer.Share * 100, "0.0") + " %");
        table.Row(
            "all", "", Milliseconds(layers.Sum(l => l.ForwardSeconds)), "", Milliseconds(layers.Sum(l => l.BackwardSeconds)), "",
            Milliseconds(layers.Sum(l => l.PrepareSeconds)), "");
        return table;
    }

    /// <summary>Formats the means as a table, each beside the lower bound from its multiply-adds and memory traffic, in milliseconds.</summary>
    public static Table ToTable(IReadOnlyList<LayerReport> layers, IReadOnlyList<Floor> floors)
    {
        bool backward = layers.Any(layer => layer.BackwardSeconds is not null);
        Table table = backward
            ? Tables.Create("layers", "algorithm", ">forward ms", ">at least", ">backward ms", ">at least", ">weights ms", ">share")
            : Tables.Create("layers", "algorithm", ">forward ms", ">at least", ">weights ms", ">share");
        for (int i = 0; i < layers.Count; i++)
        {
            (LayerReport layer, Floor floor) = (layers[i], floors[i]);
            List<string> cells = [layer.Name, layer.Algorithm, Milliseconds(layer.ForwardSeconds), AtLeast(floor.Forward, floor.ForwardBy, layer.ForwardSeconds)];
            if (backward)
                cells.AddRange([Milliseconds(layer.BackwardSeconds), AtLeast(floor.Backward, floor.BackwardBy, layer.BackwardSeconds)]);
            table.Row([.. cells, Milliseconds(layer.PrepareSeconds), Number(layer.Share * 100, "0.0") + " %"]);
        }
        double forward = layers.Sum(l => l.ForwardSeconds), back = layers.Sum(l => l.BackwardSeconds ?? 0);
        double leastForward = floors.Sum(f => f.Forward), leastBack = layers.Zip(floors).Sum(pair => pair.First.BackwardSeconds > 0 ? pair.Second.Backward : 0);
        List<string> sums = ["all", "", Milliseconds(forward), AtLeast(leastForward, "", forward)];
        if (backward)
            sums.AddRange([Milliseconds(back), AtLeast(leastBack, "", back)]);
        table.Row([.. sums, Milliseconds(layers.Sum(l => l.PrepareSeconds)), ""]);
        return table;

        // The bound, what determines it, and its share of the measured time.
        static string AtLeast(double floor, string by, double? seconds) => seconds >= 5e-6
            ? string.Create(CultureInfo.InvariantCulture, $"{floor:0.00} {by}{(by.Length > 0 ? " " : "")}{floor / (1000 * seconds):0 %}") : "";
    }

    private static double Gflops(long multiplyAdds, double seconds) => seconds > 0 ? 2e-9 * multiplyAdds / seconds : 0;

    private static TimeSpan Sum(TimeSpan[] times) => times.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);

    private static string Milliseconds(double? seconds) => seconds >= 5e-6 ? Number(1000 * seconds, "0.00") : "";

    /// <summary>The number, or an empty string for null.</summary>
    private static string Number(double? value, string format) =>
        value is { } number and not 0 ? number.ToString(format, CultureInfo.InvariantCulture) : "";
}
