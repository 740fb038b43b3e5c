using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>A device, for code that needs executors of several batch sizes.</summary>
internal interface IBackend
{
    /// <summary>Creates an executor; the caller keeps ownership of the parameters.</summary>
    /// <exception cref="ArgumentException">The parameters belong to another network, or the options do not fit the network.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not enough memory.</exception>
    IExecutor Create(Network network, ParameterSet parameters, ExecutorOptions options);

    /// <summary>Memory in bytes of an executor and its network's parameters, computed without allocating it.</summary>
    long EstimateMemory(Network network, ExecutorOptions options);
}

/// <summary>The CPU: executes networks with <see cref="Plan"/>s.</summary>
/// <param name="threads">Threads to compute with, including the caller's; 0 for one per processor.</param>
internal sealed class CpuBackend(int threads = 0) : IBackend
{
    /// <inheritdoc/>
    public IExecutor Create(Network network, ParameterSet parameters, ExecutorOptions options) => new Plan(network, parameters, ForPlan(options));

    /// <inheritdoc/>
    public long EstimateMemory(Network network, ExecutorOptions options) => Plan.EstimateMemory(network, ForPlan(options));

    private PlanOptions ForPlan(ExecutorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options as PlanOptions ?? new PlanOptions(options) { Threads = threads };
    }
}
