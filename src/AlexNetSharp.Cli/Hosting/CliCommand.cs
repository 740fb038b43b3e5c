using System.CommandLine;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>A command of <c>alexnet</c>. A new command is a class in Commands/ and a line in Program.cs.</summary>
/// <remarks>
/// Options are fields created with <see cref="CommandOptions"/> or <see cref="ChoiceOption{T}"/> and passed to <see cref="Command.Add(Option)"/> in the constructor. Errors are
/// exceptions: <see cref="UsageException"/> for an invalid command line (exit code 2), any other exception for a failure (exit code 1),
/// <see cref="OperationCanceledException"/> for an interruption (exit code 130). The host prints each as one line.
/// </remarks>
/// <param name="name">Name that the user types.</param>
/// <param name="description">One-line description for <c>alexnet --help</c>.</param>
internal abstract class CliCommand(string name, string description) : Command(name, description)
{
    /// <summary>Example command lines shown by <c>--help</c>; they work verbatim.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Whether paths of the command may follow <c>--json</c>, see <see cref="JsonOutput"/>.</summary>
    public virtual bool PathsFollowJson => false;

    /// <summary>Whether the command computes for long enough, or is measured, so that <see cref="NativeBuild.Advice"/> is worth a line.</summary>
    public virtual bool ComputesLong => false;

    /// <summary>Runs the command.</summary>
    /// <param name="context">Provides options, output, progress and cancellation.</param>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public abstract int Run(CommandContext context);
}
