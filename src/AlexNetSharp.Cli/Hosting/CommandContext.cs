using System.CommandLine;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>What a running command sees of the world: its options, standard output, standard error, and whether it should stop.</summary>
/// <param name="options">The parsed command line.</param>
/// <param name="output">Standard output: results only.</param>
/// <param name="error">Standard error: messages.</param>
/// <param name="progress">The progress line on standard error.</param>
/// <param name="cancellation">Canceled by Ctrl-C and SIGTERM.</param>
internal sealed class CommandContext(
    ParseResult options, TextWriter output, TextWriter error, ProgressLine progress, CancellationToken cancellation)
{
    /// <summary>The progress line; draws nothing where standard error is no terminal.</summary>
    public ProgressLine Progress { get; } = progress;

    /// <summary>Canceled by Ctrl-C and SIGTERM; ask between steps.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The value of an option.</summary>
    public T Get<T>(Option<T> option) => options.GetValue(option)!;

    /// <summary>What the word of an option stands for.</summary>
    public T Get<T>(ChoiceOption<T> option) => option.ValueOf(options.GetValue(option)!);

    /// <summary>The value of an argument.</summary>
    public T Get<T>(Argument<T> argument) => options.GetValue(argument)!;

    /// <summary>Whether the option is on the command line, and not only its default.</summary>
    public bool Has(Option option) => options.GetResult(option) is { Implicit: false };

    /// <summary>Writes a line of results to standard output.</summary>
    public void WriteLine(string line = "")
    {
        // On a terminal both streams share the screen: a result must not be appended to the progress line.
        Progress.Clear();
        output.WriteLine(line);
    }

    /// <summary>Writes a table of results to standard output.</summary>
    public void WriteTable(Spectre.Console.Table table)
    {
        Progress.Clear();
        output.Write(Tables.Render(table));
    }

    /// <summary>Writes a message that is no result to standard error.</summary>
    public void Note(string line)
    {
        Progress.Clear();
        error.WriteLine(line);
    }
}
