using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Parses a command line, runs the command, and turns whatever happens into one line and an exit code.</summary>
internal static class CommandHost
{
    private const string Name = "alexnet";

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "show the stack trace of an error",
        Recursive = true,
    };

    /// <summary>Runs <c>alexnet</c>.</summary>
    /// <param name="args">The command line without the program's name.</param>
    /// <param name="description">The first lines of <c>alexnet --help</c>.</param>
    /// <param name="examples">The last ones.</param>
    /// <param name="commands">All commands.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, string description, IReadOnlyList<string> examples, IReadOnlyList<CliCommand> commands)
    {
        var root = new RootCommand(description) { Verbose };
        foreach (CliCommand command in commands)
            root.Add(command);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        root.Options.OfType<VersionOption>().Single().Action = new VersionLine();

        // A path may begin with @: it is a path, not a file of further options.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return Usage(parsed);
        if (parsed.Action is not null)
            return parsed.Invoke();
        return Run((CliCommand)parsed.CommandResult.Command, parsed);
    }

    private static int Run(CliCommand command, ParseResult parsed)
    {
        using var interruption = new CancellationTokenSource();
        using PosixSignalRegistration sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        ProgressLine progress = ProgressLine.OnStandardError();
        if (NativeBuild.Advice is { } advice)
            Console.Error.WriteLine($"{Name} {command.Name}: {advice}");
        try
        {
            return command.Run(new CommandContext(parsed, Console.Out, Console.Error, progress, interruption.Token));
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            return Report("interrupted", null, ExitCode.Interrupted);
        }
        catch (UsageException e)
        {
            return Report(e.Message, e, ExitCode.Usage);
        }
#pragma warning disable CA1031 // The outermost frame: whatever went wrong, the user sees one line.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Report(e.Message, e, ExitCode.Failure);
        }
        finally
        {
            progress.Clear();
        }

        void Interrupt(PosixSignalContext signal)
        {
            // The second time the runtime ends the process at once, for a command that does not come to a point where it can stop.
            signal.Cancel = !interruption.IsCancellationRequested;
            interruption.Cancel();
        }

        int Report(string message, Exception? exception, int code)
        {
            progress.Clear();
            Console.Error.WriteLine($"{Name} {command.Name}: {OneLine(message)}");
            if (exception is not null && parsed.GetValue(Verbose))
                Console.Error.WriteLine(exception);
            return code;
        }
    }

    private static int Usage(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string who = command is RootCommand ? Name : $"{Name} {command.Name}";
        Console.Error.WriteLine($"{who}: {OneLine(Describe(parsed, command))} (see '{who} --help')");
        return ExitCode.Usage;
    }

    private static string Describe(ParseResult parsed, Command command)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string token = parsed.UnmatchedTokens[0];
            if (token.StartsWith('-'))
                return $"there is no option '{token}'" + NearestName.Suggestion(token, OptionNames(command));
            return command is RootCommand
                ? $"there is no command '{token}'" + NearestName.Suggestion(token, command.Subcommands.Select(c => c.Name))
                : $"'{token}' is one argument too many";
        }
        return command is RootCommand
            ? $"say which command: {string.Join(", ", command.Subcommands.Select(c => c.Name))}"
            : parsed.Errors[0].Message.TrimEnd('.');
    }

    private static IEnumerable<string> OptionNames(Command command)
    {
        IEnumerable<Option> inherited = command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive);
        return command.Options.Concat(inherited).SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
