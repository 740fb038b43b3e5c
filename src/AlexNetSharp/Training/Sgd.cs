using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay, as PyTorch's <c>SGD</c> computes it:
/// v ← momentum · v + (scale · g + decay · w), w ← w − rate · v.
/// </summary>
/// <remarks>
/// Rate and decay of a parameter are multiplied by its <see cref="ParameterSpec.LearningRateMultiplier"/> and
/// <see cref="ParameterSpec.WeightDecayMultiplier"/>. A step allocates nothing and gives the same bits with any number of threads.
/// </remarks>
public sealed unsafe class Sgd : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly bool _ownsPool;
    private readonly SgdUpdate _update = KernelSet.Best.SgdUpdate();
    private readonly SumOfSquares _squares = KernelSet.Best.SumOfSquares();

    /// <summary>An optimizer with all velocities 0.</summary>
    /// <param name="parameters">The values to update.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one a processor.</param>
    public Sgd(ParameterSet parameters, int threads = 0)
        : this(parameters, new WorkerPool(threads == 0 ? Environment.ProcessorCount : threads)) => _ownsPool = true;

    /// <summary>An optimizer that works on the threads of a plan.</summary>
    internal Sgd(ParameterSet parameters, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = parameters;
        Velocities = new ParameterSet(parameters.Network);
        _pool = pool;
    }

    /// <summary>The values that are updated.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The velocity v of each parameter.</summary>
    public ParameterSet Velocities { get; }

    /// <summary>Share of the velocity that stays from step to step.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Weight decay before the parameters' multipliers.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Updates all parameters.</summary>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="rate">Learning rate before the parameters' multipliers.</param>
    /// <param name="scale">Factor on the gradients.</param>
    /// <exception cref="ArgumentException">The gradients belong to another network.</exception>
    public void Step(ParameterSet gradients, float rate, float scale = 1)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients.Network != Parameters.Network)
            throw new ArgumentException($"the gradients belong to network '{gradients.Network.Name}', the parameters to '{Parameters.Network.Name}'", nameof(gradients));
        for (int i = 0; i < Parameters.Parameters.Count; i++)
        {
            Parameter parameter = Parameters.Parameters[i];
            var step = new SgdStep(
                rate * parameter.Spec.LearningRateMultiplier, Momentum, WeightDecay * parameter.Spec.WeightDecayMultiplier, scale);
            _update.Run(
                _pool, step, parameter.Pointer, gradients.Parameters[i].Pointer, Velocities.Parameters[i].Pointer, parameter.StorageLength);
        }
        Parameters.MarkChanged();
    }

    /// <summary>The Euclidean norm of all gradients together.</summary>
    public double Norm(ParameterSet gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        double squares = 0;
        for (int i = 0; i < gradients.Parameters.Count; i++)
            squares += _squares.Run(_pool, gradients.Parameters[i].Pointer, gradients.Parameters[i].StorageLength);
        return Math.Sqrt(squares);
    }

    /// <summary>Frees the velocities.</summary>
    public void Dispose()
    {
        Velocities.Dispose();
        if (_ownsPool)
            _pool.Dispose();
    }
}
