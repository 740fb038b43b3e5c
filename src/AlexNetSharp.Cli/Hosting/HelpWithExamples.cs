using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The default help, followed by examples.</summary>
/// <param name="usual">The default help of System.CommandLine.</param>
/// <param name="rootExamples">Examples of <c>alexnet --help</c>.</param>
internal sealed class HelpWithExamples(HelpAction usual, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int result = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in parseResult.CommandResult.Command is CliCommand command ? command.Examples : rootExamples)
            output.WriteLine("  " + example);
        output.WriteLine();
        return result;
    }
}
