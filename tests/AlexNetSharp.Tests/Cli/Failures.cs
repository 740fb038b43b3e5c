namespace AlexNetSharp.Tests.Cli;

/// <summary>How every command fails.</summary>
internal static class Failures
{
    /// <summary>The command must end with <paramref name="exitCode"/>, nothing on standard output, and one line that holds <paramref name="expected"/>.</summary>
    public static void AssertOneLine(int exitCode, string expected, params string[] arguments)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.ErrorLines);
        Assert.StartsWith("alexnet", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.Equal(exitCode, result.ExitCode);
    }
}
