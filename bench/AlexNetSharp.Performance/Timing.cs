using System.Diagnostics;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;

namespace AlexNetSharp.Performance;

/// <summary>A plan of the <c>tensorflow</c> network on noise, with timed steps.</summary>
internal sealed class TimedPlan : IDisposable
{
    private readonly ParameterSet _parameters;
    private ulong _step;

    public TimedPlan(int batch, int imageSize, int threads, bool backward)
    {
        Network network = AlexNet.TensorFlow(imageSize: imageSize);
        _parameters = ParameterSet.Initialize(network, seed: 1);
        Plan = new Plan(network, _parameters, new PlanOptions
        {
            BatchSize = batch,
            Threads = threads,
            Gradients = backward ? GradientScope.All : GradientScope.None,
        });
        new Philox(seed: 2).FillNormal(Plan.Input, deviation: 0.1f);
    }

    public Plan Plan { get; }

    /// <summary>One step: forward, and backward of sum(t²)/2 to all parameters. Includes transforming the weights.</summary>
    public void Step()
    {
        bool backward = Plan.Options.Gradients != GradientScope.None;
        if (backward)
            _parameters.MarkChanged();
        Plan.Forward(training: backward, _step++);
        if (!backward)
            return;
        Plan.Output.CopyTo(Plan.OutputGradient);
        Plan.Backward();
    }

    /// <summary>Returns the median step time in seconds, after a warm-up.</summary>
    public double Median(double seconds)
    {
        long start = Stopwatch.GetTimestamp();
        Step();
        Step();
        Step();
        double each = Stopwatch.GetElapsedTime(start).TotalSeconds / 3;
        int steps = (int)Math.Clamp(seconds / each, 5, 200);
        var statistics = new DurationStatistics(steps);
        for (int i = 0; i < steps; i++)
        {
            start = Stopwatch.GetTimestamp();
            Step();
            statistics.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return statistics.Median;
    }

    public void Dispose()
    {
        Plan.Dispose();
        _parameters.Dispose();
    }
}
