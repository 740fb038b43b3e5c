using System.CommandLine;
using System.Text;
using AlexNetSharp.Diagnostics;

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
    private bool _interrupted;

    /// <summary>The progress line; draws nothing where standard error is no terminal.</summary>
    public ProgressLine Progress { get; private set; } = progress;

    /// <summary>Canceled by Ctrl-C and SIGTERM; ask between steps.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>
    /// Whether the command saves work when it is interrupted, and ends by itself: others are ended a moment after the first signal.
    /// </summary>
    public bool SavesWork { get; set; }

    /// <summary>Whether standard output holds JSON in place of text: lines and tables are left out.</summary>
    public bool OmitText { get; set; }

    /// <summary>Whether the command was interrupted, by a signal or by what another process was told.</summary>
    public bool IsInterrupted => _interrupted || Cancellation.IsCancellationRequested;

    /// <summary>Takes note that the command ends because another process of it was interrupted.</summary>
    public void Interrupt() => _interrupted = true;

    /// <summary>Writes nothing from now on: another process of the command speaks for all.</summary>
    public void Silence()
    {
        (output, error) = (TextWriter.Null, TextWriter.Null);
        Progress = new ProgressLine(null, () => 0);
        IsSilent = true;
    }

    /// <summary>Whether another process speaks for this one.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>The value of an option.</summary>
    public T Get<T>(Option<T> option) => options.GetValue(option)!;

    /// <summary>What the word of an option stands for.</summary>
    public T Get<T>(ChoiceOption<T> option) => option.ValueOf(options.GetValue(option)!);

    /// <summary>The value of an argument.</summary>
    public T Get<T>(Argument<T> argument) => options.GetValue(argument)!;

    /// <summary>Whether the option is on the command line, and not only its default.</summary>
    public bool Has(Option option) => options.GetResult(option) is { Implicit: false };

    /// <summary>Writes a line of results to standard output; what would break it is escaped.</summary>
    public void WriteLine(string line = "")
    {
        if (OmitText)
            return;
        // On a terminal both streams share the screen: a result must not be appended to the progress line.
        Progress.Clear();
        output.WriteLine(Printable.Of(line));
    }

    /// <summary>Writes a table of results to standard output.</summary>
    public void WriteTable(Spectre.Console.Table table)
    {
        if (OmitText)
            return;
        Progress.Clear();
        output.Write(Tables.Render(table));
    }

    /// <summary>Writes results as JSON to standard output.</summary>
    /// <param name="json">The JSON in UTF-8.</param>
    public void WriteJson(ReadOnlySpan<byte> json)
    {
        Progress.Clear();
        output.WriteLine(Encoding.UTF8.GetString(json).TrimEnd());
    }

    /// <summary>Writes a message that is no result to standard error; what would break the line is escaped.</summary>
    public void Note(string line)
    {
        Progress.Clear();
        error.WriteLine(Printable.Of(line));
    }
}
