namespace AlexNetSharp.Cli.Hosting;

/// <summary>What <c>alexnet</c> tells the shell.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>The command was understood but failed: a file that cannot be read, a full disk.</summary>
    public const int Failure = 1;

    /// <summary>The command line asks for something that does not exist or cannot be.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C or SIGTERM: 128 + SIGINT, as shells count.</summary>
    public const int Interrupted = 130;
}
