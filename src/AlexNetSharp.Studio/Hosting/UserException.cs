namespace AlexNetSharp.Studio.Hosting;

/// <summary>Something that the page shows to the user as it stands.</summary>
internal sealed class UserException(int status, string message) : Exception(message)
{
    /// <summary>Status of the answer.</summary>
    public int Status => status;
}
