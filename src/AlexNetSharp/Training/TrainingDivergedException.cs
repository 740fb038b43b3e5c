namespace AlexNetSharp.Training;

/// <summary>The loss or the gradients are NaN or infinite, or the loss grew without bound; the parameters are no longer usable.</summary>
/// <param name="message">What happened, at which step, and what may help.</param>
/// <param name="innerException">What caused it.</param>
public sealed class TrainingDivergedException(string message, Exception? innerException = null) : Exception(message, innerException);
