using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>What happens to gradients between backward and update: the place where several processes that train together average theirs.</summary>
public interface IGradientExchange
{
    /// <summary>Called in the last backward pass of a step with each gradient as soon as it is complete, those of the last layer first.</summary>
    /// <param name="gradient">The gradient; backward of the layers before goes on when the call returns, and changes it no more.</param>
    void Ready(Parameter gradient);

    /// <summary>Returns when all gradients are what the update shall use. Clipping comes after it.</summary>
    /// <param name="gradients">All gradients of the step.</param>
    void Complete(ParameterSet gradients);
}
