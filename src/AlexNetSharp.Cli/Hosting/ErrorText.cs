namespace AlexNetSharp.Cli.Hosting;

/// <summary>What the command says about an exception.</summary>
internal static class ErrorText
{
    /// <summary>One line about what went wrong, with the command's own options in its advice.</summary>
    public static string Of(Exception e) => ErrorLine.Of(e, ", a smaller --cache where there is one", "; --verbose shows where");
}
