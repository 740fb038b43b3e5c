using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>A parameter that learns.</summary>
/// <param name="Value">Its values.</param>
/// <param name="Settings">Its factors on rate and decay.</param>
internal sealed record LearningParameter(Parameter Value, ParameterSettings Settings);

/// <summary>The parameters that an optimizer updates: those whose gradients an executor computes, without those that groups freeze.</summary>
internal sealed class LearningParameters : IDisposable
{
    private readonly WorkerPool? _ownPool;

    /// <summary>Finds them.</summary>
    /// <exception cref="ArgumentException">Nothing learns, or a group does not fit the network.</exception>
    public LearningParameters(IExecutor executor, IReadOnlyList<ParameterGroup>? groups)
    {
        ArgumentNullException.ThrowIfNull(executor);
        Set = executor.Parameters;
        Network network = executor.Network;
        IReadOnlyList<ParameterSettings> settings = ParameterGroup.Resolve(network, groups ?? []);
        Items = [.. network.Parameters
            .Select((spec, i) => new LearningParameter(Set[spec.Name], settings[i]))
            .Where(item => !item.Settings.Frozen && executor.Gradients?.Find(item.Value.Name) is not null)];
        if (Items.Length == 0)
            throw new ArgumentException(
                $"no parameter of network '{network.Name}' learns: all are frozen, or the executor computes no gradients (ExecutorOptions.Gradients)");
        Pool = executor.Pool ?? (_ownPool = new WorkerPool(Environment.ProcessorCount));
    }

    /// <summary>All parameters of the network.</summary>
    public ParameterSet Set { get; }

    /// <summary>Those that learn, in the order of the layers.</summary>
    public LearningParameter[] Items { get; }

    /// <summary>The threads that update them.</summary>
    public WorkerPool Pool { get; }

    /// <summary>The gradient of one of them.</summary>
    /// <exception cref="ArgumentException">It is missing or of another shape.</exception>
    public static Parameter GradientOf(LearningParameter item, ParameterSet gradients)
    {
        Parameter? gradient = gradients.Find(item.Value.Name);
        return gradient is not null && gradient.StorageLength == item.Value.StorageLength ? gradient : throw new ArgumentException(
            $"the gradients of network '{gradients.Network.Name}' lack that of parameter '{item.Value.Name}', or it has another shape", nameof(gradients));
    }

    /// <summary>Ends threads that were started for the optimizer alone.</summary>
    public void Dispose() => _ownPool?.Dispose();
}
