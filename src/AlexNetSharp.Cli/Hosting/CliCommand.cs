using System.CommandLine;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>One command of <c>alexnet</c>. A new one is a class in Commands/ and a line in Program.cs.</summary>
/// <remarks>
/// Options are fields made with <see cref="CommandOptions"/> or <see cref="ChoiceOption{T}"/> and given to <see cref="Command.Add(Option)"/> in the constructor. Errors are
/// exceptions: <see cref="UsageException"/> for what is wrong with the command line (exit code 2), any other for a failure (exit code 1),
/// <see cref="OperationCanceledException"/> for an interruption (exit code 130). The host prints each as one line.
/// </remarks>
/// <param name="name">What the user types.</param>
/// <param name="description">One line for <c>alexnet --help</c>.</param>
internal abstract class CliCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines that work as they stand, shown by <c>--help</c>.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Whether paths of the command may follow <c>--json</c>, see <see cref="JsonOutput"/>.</summary>
    public virtual bool PathsFollowJson => false;

    /// <summary>Runs the command.</summary>
    /// <param name="context">Options, output, progress and cancellation.</param>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public abstract int Run(CommandContext context);
}
