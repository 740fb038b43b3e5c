namespace AlexNetSharp.Cli.Hosting;

/// <summary>The command line asks for something that cannot be; the message is the one line that the user sees, exit code 2.</summary>
internal sealed class UsageException(string message, Exception? cause = null) : Exception(message, cause);
