namespace AlexNetSharp.Cli.Hosting;

/// <summary>The command line is invalid. The message is the single line that the user sees; the exit code is 2.</summary>
internal sealed class UsageException(string message, Exception? cause = null) : Exception(message, cause);
