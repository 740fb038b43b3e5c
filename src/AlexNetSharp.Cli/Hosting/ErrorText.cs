namespace AlexNetSharp.Cli.Hosting;

/// <summary>Error messages of the command.</summary>
internal static class ErrorText
{
    /// <summary>Describes an exception in one line, with advice in terms of the command's options.</summary>
    public static string Of(Exception e) => ErrorLine.Of(e, ", a smaller --cache where there is one", "; --verbose shows where");
}
