namespace AlexNetSharp.Training;

/// <summary>The loss or the gradients are NaN or infinite, or the loss grew without bound; the parameters are no longer usable.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Reports a training that cannot go on.</summary>
    /// <param name="message">What happened, at which step, and what may help.</param>
    internal TrainingDivergedException(string message)
        : base(message)
    {
    }
}
