using AlexNetSharp.Execution;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's <c>AdamW</c> computes it: at step t
/// m ← β₁ · m + (1 − β₁) · g, v ← β₂ · v + (1 − β₂) · g², w ← (1 − rate · decay) · w − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε),
/// where g is the gradient times the scale.
/// </summary>
/// <remarks>
/// Rate and decay of a parameter are multiplied by the factors of its <see cref="ParameterGroup"/>s. The state is m and v of each parameter
/// that learns, under PyTorch's names (<c>fc8.weight.exp_avg</c>, <c>fc8.weight.exp_avg_sq</c>), and <c>step</c>, the number of steps done.
/// A step allocates nothing and gives the same bits with any number of threads.
/// </remarks>
public sealed unsafe class AdamW : IOptimizer
{
    private readonly LearningParameters _learning;
    private readonly AdamWUpdate _update = KernelSet.Best.AdamWUpdate();

    /// <summary>Creates an optimizer at step 0 for the parameters whose gradients <paramref name="executor"/> computes.</summary>
    /// <param name="executor">What computes the gradients; a plan lends its threads.</param>
    /// <param name="groups">Factors by parameter, and what is frozen; null for none.</param>
    /// <exception cref="ArgumentException">Nothing learns, or a group does not fit the network.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for the state.</exception>
    public AdamW(IExecutor executor, IReadOnlyList<ParameterGroup>? groups = null)
    {
        _learning = new LearningParameters(executor, groups);
        ParameterSpec[] specs = [.. _learning.Items.Select(item => item.Value.Spec)];
        State = new ParameterSet(executor.Network, [
            .. specs.Select(spec => spec.Renamed($"{spec.Name}.exp_avg")),
            .. specs.Select(spec => spec.Renamed($"{spec.Name}.exp_avg_sq")),
            new ParameterSpec("step", ParameterRole.Bias, [1], Initializer.Constant(0)),
        ]);
    }

    /// <inheritdoc/>
    ParameterSet IOptimizer.Parameters => _learning.Set;

    /// <summary>m, then v of each parameter that learns, then the number of steps done.</summary>
    internal ParameterSet State { get; }

    /// <inheritdoc/>
    ParameterSet IOptimizer.State => State;

    /// <summary>β₁: decay rate of the mean gradient, at least 0 and below 1.</summary>
    public float Beta1 { get; init => field = Share(value); } = 0.9f;

    /// <summary>β₂: decay rate of the mean squared gradient, at least 0 and below 1.</summary>
    public float Beta2 { get; init => field = Share(value); } = 0.999f;

    /// <summary>ε, above 0.</summary>
    public float Epsilon
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "epsilon must be above 0");
    } = 1e-8f;

    /// <summary>Weight decay before the groups' factors, at least 0.</summary>
    public float WeightDecay
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "the weight decay must be at least 0");
    } = 0.01f;

    /// <inheritdoc/>
    public void Step(ParameterSet gradients, float rate, float scale = 1)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        using AlignedBuffer.Lease values = _learning.Set.Hold(), change = gradients.Hold(), state = State.Hold();
        int count = _learning.Items.Length;
        // A float counts to 2²⁴; long before that, both corrections are 1.
        float step = ++State.Parameters[^1].Storage[0];
        double rateCorrection = 1 / (1 - Math.Pow(Beta1, step)), rootCorrection = 1 / Math.Sqrt(1 - Math.Pow(Beta2, step));
        for (int i = 0; i < count; i++)
        {
            LearningParameter item = _learning.Items[i];
            double ownRate = (double)rate * item.Settings.LearningRateFactor, decay = (double)WeightDecay * item.Settings.WeightDecayFactor;
            var constants = new AdamWStep(
                (float)(ownRate * rateCorrection), (float)(1 - ownRate * decay), Beta1, Beta2, (float)rootCorrection, Epsilon, scale);
            float* gradient = LearningParameters.GradientOf(item, gradients).Pointer;
            _update.Run(
                _learning.Pool, constants, item.Value.Pointer, gradient,
                State.Parameters[i].Pointer, State.Parameters[count + i].Pointer, item.Value.StorageLength);
            _learning.Set.MarkChanged(item.Value);
        }
    }

    /// <summary>Frees the state.</summary>
    public void Dispose()
    {
        State.Dispose();
        _learning.Dispose();
    }

    private static float Share(float value) =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "beta must be at least 0 and below 1");
}
