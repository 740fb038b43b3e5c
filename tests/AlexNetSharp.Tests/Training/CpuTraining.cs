using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>A trainer with a plan and SGD, put together for a test.</summary>
internal sealed class CpuTraining : IDisposable
{
    public CpuTraining(
        ParameterSet parameters, IBatchSource training, IBatchSource? validation, TrainerOptions options,
        int threads = 1, int microBatch = 0, ulong seed = 0, float momentum = 0.9f, float weightDecay = 0.0005f,
        IReadOnlyList<ParameterGroup>? groups = null)
    {
        Plan = new Plan(parameters.Network, parameters, new PlanOptions
        {
            BatchSize = microBatch == 0 ? training.BatchSize : microBatch,
            Threads = threads,
            Gradients = GradientScope.Learning(groups ?? []),
            Seed = seed,
        });
        Optimizer = new Sgd(Plan, groups) { Momentum = momentum, WeightDecay = weightDecay };
        Trainer = new Trainer(Plan, Optimizer, training, validation, options);
    }

    public Plan Plan { get; }

    public Sgd Optimizer { get; }

    public Trainer Trainer { get; }

    public void Dispose()
    {
        Trainer.Dispose();
        Optimizer.Dispose();
        Plan.Dispose();
    }
}
