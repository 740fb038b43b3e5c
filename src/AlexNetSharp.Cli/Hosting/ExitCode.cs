namespace AlexNetSharp.Cli.Hosting;

/// <summary>Exit codes of <c>alexnet</c>.</summary>
internal static class ExitCode
{
    /// <summary>The command succeeded.</summary>
    public const int Success = 0;

    /// <summary>The command failed, for example because of an unreadable file or a full disk.</summary>
    public const int Failure = 1;

    /// <summary>The command line is invalid.</summary>
    public const int Usage = 2;

    /// <summary>Interrupted by Ctrl-C or SIGTERM: 128 + SIGINT, as in shells.</summary>
    public const int Interrupted = 130;
}
