using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>Updates parameters from gradients.</summary>
public interface IOptimizer : IDisposable
{
    /// <summary>The values that are updated.</summary>
    ParameterSet Parameters { get; }

    /// <summary>
    /// The optimizer's state by name; only for parameters that learn. Checkpoints store each tensor as
    /// <c>optimizer/</c> and its name, and set it when a training continues.
    /// </summary>
    ParameterSet State { get; }

    /// <summary>Updates the parameters that learn.</summary>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="rate">Learning rate, before the factors of parameter groups.</param>
    /// <param name="scale">Factor on the gradients.</param>
    /// <exception cref="ArgumentException">The gradient of a parameter that learns is missing or of another shape.</exception>
    void Step(ParameterSet gradients, float rate, float scale = 1);
}
