using System.CommandLine;
using System.CommandLine.Parsing;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Mpi;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Parses a command line, runs the command, and reports errors as one line and an exit code.</summary>
internal static class CommandHost
{
    private const string Name = "alexnet";

    /// <summary>Time that a command has to exit by itself after Ctrl-C or SIGTERM.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.8);

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "show the stack trace of an error",
        Recursive = true,
    };

    /// <summary>Runs <c>alexnet</c>.</summary>
    /// <param name="args">The command line without the program's name.</param>
    /// <param name="description">The first lines of <c>alexnet --help</c>.</param>
    /// <param name="examples">The examples at the end of it.</param>
    /// <param name="commands">All commands.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, string description, IReadOnlyList<string> examples, IReadOnlyList<CliCommand> commands)
    {
        // An MPI launcher gives its first process a terminal, and the others a pipe.
        if (MpiLauncher.Current is not null)
            Environment.SetEnvironmentVariable("TERM", "dumb");
        StandardStreams.Install();
        int code = Execute(args, description, examples, commands);
        if (StandardStreams.Output.Failure is not { } failure || code != ExitCode.Success)
            return code;
        Console.Error.WriteLine($"{Name}: standard output cannot be written ({Printable.Of(failure.Message)})");
        return ExitCode.Failure;
    }

    private static int Execute(string[] args, string description, IReadOnlyList<string> examples, IReadOnlyList<CliCommand> commands)
    {
        var root = new RootCommand(description) { Verbose };
        foreach (CliCommand command in commands)
            root.Add(command);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        root.Options.OfType<VersionOption>().Single().Action = new VersionLine();

        CliCommand? named = commands.FirstOrDefault(command => command.Name == args.FirstOrDefault(word => !word.StartsWith('-')));
        string[] words = named is { PathsFollowJson: true } ? [.. JsonOutput.Separate(args)] : args;
        // A path may begin with @; it is not a response file.
        ParseResult parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return Usage(parsed);
        if (parsed.Action is not null)
            return parsed.Invoke();
        return Run((CliCommand)parsed.CommandResult.Command, parsed);
    }

    private static int Run(CliCommand command, ParseResult parsed)
    {
        using var interruption = new CancellationTokenSource();
        ProgressLine progress = ProgressLine.OnStandardError();
        var context = new CommandContext(parsed, Console.Out, Console.Error, progress, interruption.Token);
        int reported = 0;
        using PosixSignalRegistration sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        if (command.ComputesLong && NativeBuild.Advice is { } advice)
            Console.Error.WriteLine($"{Name} {command.Name}: {advice}");
        try
        {
            return command.Run(context);
        }
        catch (OperationCanceledException) when (context.IsInterrupted)
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
            return Report(ErrorText.Of(e), e, ExitCode.Failure);
        }
        finally
        {
            progress.Clear();
        }

        void Interrupt(PosixSignalContext signal)
        {
            // The second signal ends the process immediately.
            signal.Cancel = !interruption.IsCancellationRequested;
            if (signal.Cancel)
                new Thread(EndSoon) { IsBackground = true }.Start();
            interruption.Cancel();
        }

        // For a command that does not reach a point where it can stop, because it waits for a pipe or an unresponsive disk.
        void EndSoon()
        {
            Thread.Sleep(Patience);
            if (!context.SavesWork)
                Environment.Exit(Report("interrupted", null, ExitCode.Interrupted));
        }

        int Report(string message, Exception? exception, int code)
        {
            if (Interlocked.Exchange(ref reported, 1) != 0 || context.IsSilent)
                return code;
            progress.Clear();
            Console.Error.WriteLine($"{Name} {command.Name}: {Printable.Of(message.Trim())}");
            if (exception is not null && parsed.GetValue(Verbose))
                foreach (string line in exception.ToString().Split(Environment.NewLine))
                    Console.Error.WriteLine(Printable.Of(line));
            return code;
        }
    }

    private static int Usage(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string who = command is RootCommand ? Name : $"{Name} {command.Name}";
        // All processes of an MPI job have the same command line.
        if (MpiLauncher.Current is not { Rank: > 0 })
            Console.Error.WriteLine($"{who}: {Printable.Of(Describe(parsed, command))} (see '{who} --help')");
        return ExitCode.Usage;
    }

    private static string Describe(ParseResult parsed, Command command)
    {
        // An optional argument would swallow a misspelled option.
        if (parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal)) is { } misspelled)
            return $"unknown option '{misspelled.Value}'" + NearestName.Suggestion(misspelled.Value, OptionNames(command));
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string token = parsed.UnmatchedTokens[0];
            if (token.StartsWith('-'))
                return $"unknown option '{token}'" + NearestName.Suggestion(token, OptionNames(command));
            return command is RootCommand
                ? $"unknown command '{token}'" + NearestName.Suggestion(token, command.Subcommands.Select(c => c.Name))
                : $"'{token}': unexpected argument";
        }
        return command is RootCommand
            ? $"a command is required: {string.Join(", ", command.Subcommands.Select(c => c.Name))}"
            : parsed.Errors[0].Message.TrimEnd('.');
    }

    private static IEnumerable<string> OptionNames(Command command)
    {
        IEnumerable<Option> inherited = command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive);
        return command.Options.Concat(inherited).SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));
    }
}
