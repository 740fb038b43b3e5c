using System.CommandLine;
using System.Text;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The environment of a running command: its options, standard output, standard error, and cancellation.</summary>
/// <param name="options">The parsed command line.</param>
/// <param name="output">Standard output: results only.</param>
/// <param name="error">Standard error: messages.</param>
/// <param name="progress">The progress line on standard error.</param>
/// <param name="cancellation">Canceled by Ctrl-C and SIGTERM.</param>
internal sealed class CommandContext(
    ParseResult options, TextWriter output, TextWriter error, ProgressLine progress, CancellationToken cancellation)
{
    private bool _interrupted;

    /// <summary>The progress line; draws nothing if standard error is not a terminal.</summary>
    public ProgressLine Progress { get; private set; } = progress;

    /// <summary>Canceled by Ctrl-C and SIGTERM; check between steps.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>
    /// Whether the command saves its work when interrupted, and exits by itself; other commands are terminated shortly after the first signal.
    /// </summary>
    public bool SavesWork { get; set; }

    /// <summary>Whether standard output holds JSON instead of text; lines and tables are omitted.</summary>
    public bool OmitText { get; set; }

    /// <summary>Whether the command was interrupted, here or in another process of the job.</summary>
    public bool IsInterrupted => _interrupted || Cancellation.IsCancellationRequested;

    /// <summary>Records that the command ends because another process of the job was interrupted.</summary>
    public void Interrupt() => _interrupted = true;

    /// <summary>Suppresses all further output: another process of the job writes for all.</summary>
    public void Silence()
    {
        (output, error) = (TextWriter.Null, TextWriter.Null);
        Progress = new ProgressLine(null, () => 0);
        IsSilent = true;
    }

    /// <summary>Whether another process writes for this one.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Returns the value of an option.</summary>
    public T Get<T>(Option<T> option) => options.GetValue(option)!;

    /// <summary>Returns the value of a choice option.</summary>
    public T Get<T>(ChoiceOption<T> option) => option.ValueOf(options.GetValue(option)!);

    /// <summary>Returns the value of an argument.</summary>
    public T Get<T>(Argument<T> argument) => options.GetValue(argument)!;

    /// <summary>Whether the option was given on the command line.</summary>
    public bool Has(Option option) => options.GetResult(option) is { Implicit: false };

    /// <summary>Writes a line of results to standard output; control characters are escaped.</summary>
    public void WriteLine(string line = "")
    {
        if (OmitText)
            return;
        // On a terminal, both streams share the screen: a result must not be appended to the progress line.
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

    /// <summary>Writes a message to standard error; control characters are escaped.</summary>
    public void Note(string line)
    {
        Progress.Clear();
        error.WriteLine(Printable.Of(line));
    }
}
