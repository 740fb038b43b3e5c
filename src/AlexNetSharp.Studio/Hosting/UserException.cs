namespace AlexNetSharp.Studio.Hosting;

/// <summary>An error whose message the page shows to the user verbatim.</summary>
internal sealed class UserException(int status, string message) : Exception(message)
{
    /// <summary>HTTP status code of the response.</summary>
    public int Status => status;
}
