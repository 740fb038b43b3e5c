namespace AlexNetSharp.Mpi;

/// <summary>MPI is missing, is another than the one that started the processes, or failed.</summary>
public sealed class MpiException : Exception
{
    /// <summary>Makes the exception.</summary>
    public MpiException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public MpiException(string message) : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">What caused it.</param>
    public MpiException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
