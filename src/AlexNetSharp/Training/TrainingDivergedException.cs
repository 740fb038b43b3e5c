namespace AlexNetSharp.Training;

/// <summary>The loss or the gradients are no longer numbers, or the loss grew without bound; the parameters are of no use any more.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Makes the exception.</summary>
    public TrainingDivergedException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, at which step, and what may help.</param>
    public TrainingDivergedException(string message) : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, at which step, and what may help.</param>
    /// <param name="innerException">What caused it.</param>
    public TrainingDivergedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
