using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>A device that executes networks, for code that needs executors of several batch sizes.</summary>
public interface IBackend
{
    /// <summary>An executor of a network; the parameters stay the caller's.</summary>
    /// <exception cref="ArgumentException">The parameters belong to another network, or the options do not fit the network.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not enough memory.</exception>
    IExecutor Create(Network network, ParameterSet parameters, ExecutorOptions options);

    /// <summary>Bytes that an executor and the parameters of its network need, computed without allocating them.</summary>
    long EstimateMemory(Network network, ExecutorOptions options);
}

/// <summary>The CPU: executes networks by <see cref="Plan"/>s.</summary>
/// <param name="threads">Threads that compute, the caller's included; 0: one per CPU.</param>
public sealed class CpuBackend(int threads = 0) : IBackend
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
