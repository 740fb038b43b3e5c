using AlexNetSharp.Execution;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay, as PyTorch's <c>SGD</c> computes it:
/// v ← momentum · v + (scale · g + decay · w), w ← w − rate · v.
/// </summary>
/// <remarks>
/// Rate and decay of a parameter are multiplied by the factors of its <see cref="ParameterGroup"/>s. The state is the velocity v of each
/// parameter that learns, under the parameter's name. A step allocates nothing and gives the same bits with any number of threads.
/// </remarks>
public sealed unsafe class Sgd : IOptimizer
{
    private readonly LearningParameters _learning;
    private readonly SgdUpdate _update = KernelSet.Best.SgdUpdate();

    /// <summary>Creates an optimizer with zero velocities for the parameters whose gradients <paramref name="executor"/> computes.</summary>
    /// <param name="executor">What computes the gradients; a plan lends its threads.</param>
    /// <param name="groups">Factors by parameter, and what is frozen; null for none.</param>
    /// <exception cref="ArgumentException">Nothing learns, or a group does not fit the network.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for the velocities.</exception>
    public Sgd(IExecutor executor, IReadOnlyList<ParameterGroup>? groups = null)
    {
        _learning = new LearningParameters(executor, groups);
        State = new ParameterSet(executor.Network, [.. _learning.Items.Select(item => item.Value.Spec)]);
    }

    /// <summary>
    /// A learning rate for training only the last layer, which is softmax regression: the curvature of its loss is at most L = (E|x|² + 1) / 2
    /// for inputs x; gradient descent with momentum m is stable below 2 (1 + m) / L, and this is four fifths of that.
    /// </summary>
    /// <param name="meanSquaredNorm">E|x|², as <see cref="FeatureBatches.MeanSquaredNorm"/> gives it.</param>
    /// <param name="momentum">The momentum m.</param>
    public static double RateOfHead(double meanSquaredNorm, double momentum) => 3.2 * (1 + momentum) / (1 + meanSquaredNorm);

    /// <inheritdoc/>
    ParameterSet IOptimizer.Parameters => _learning.Set;

    /// <summary>The velocity v of each parameter that learns.</summary>
    internal ParameterSet State { get; }

    /// <inheritdoc/>
    ParameterSet IOptimizer.State => State;

    /// <summary>Momentum, at least 0 and below 1.</summary>
    public float Momentum
    {
        get;
        init => field = value is >= 0 and < 1
            ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "the momentum must be at least 0 and below 1");
    } = 0.9f;

    /// <summary>Weight decay before the groups' factors, at least 0.</summary>
    public float WeightDecay
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "the weight decay must be at least 0");
    }

    /// <inheritdoc/>
    public void Step(ParameterSet gradients, float rate, float scale = 1)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using AlignedBuffer.Lease values = _learning.Set.Hold(), change = gradients.Hold(), state = State.Hold();
        for (int i = 0; i < _learning.Items.Length; i++)
        {
            LearningParameter item = _learning.Items[i];
            var step = new SgdStep(
                rate * item.Settings.LearningRateFactor, Momentum, WeightDecay * item.Settings.WeightDecayFactor, scale);
            float* gradient = LearningParameters.GradientOf(item, gradients).Pointer;
            _update.Run(_learning.Pool, step, item.Value.Pointer, gradient, State.Parameters[i].Pointer, item.Value.StorageLength);
            _learning.Set.MarkChanged(item.Value);
        }
    }

    /// <summary>Frees the velocities.</summary>
    public void Dispose()
    {
        State.Dispose();
        _learning.Dispose();
    }
}
