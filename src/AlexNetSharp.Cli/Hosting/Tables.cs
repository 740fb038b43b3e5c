using AlexNetSharp.Diagnostics;
using Spectre.Console;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The table format of all commands: text aligned left, numbers right, one rule below the header.</summary>
internal static class Tables
{
    // Wider than any terminal, so nothing is wrapped: each table row is one line, also in a file.
    private const int Unlimited = 400;

    /// <summary>Creates a table with a header.</summary>
    /// <param name="columns">Headers; one that begins with <c>&gt;</c> is aligned to the right.</param>
    public static Table Create(params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (string column in columns)
        {
            bool right = column.StartsWith('>');
            var header = new TableColumn(new Text(right ? column[1..] : column)) { NoWrap = true };
            table.AddColumn(right ? header.RightAligned() : header);
        }
        return table;
    }

    /// <summary>Adds a row of plain text; brackets are not markup.</summary>
    public static void Row(this Table table, params ReadOnlySpan<string> cells)
    {
        var row = new List<Text>(cells.Length);
        foreach (string cell in cells)
            row.Add(new Text(Printable.Of(cell)));
        table.AddRow(row);
    }

    /// <summary>Renders the table as text without trailing spaces and empty lines.</summary>
    public static string Render(Table table)
    {
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Unlimited;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        IEnumerable<string> lines = text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0);
        return string.Join(Environment.NewLine, lines) + Environment.NewLine;
    }
}
