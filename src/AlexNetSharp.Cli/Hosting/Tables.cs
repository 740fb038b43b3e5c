using AlexNetSharp.Diagnostics;
using Spectre.Console;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Tables as all commands print them: words to the left, numbers to the right, one rule below the header.</summary>
internal static class Tables
{
    // No terminal is that wide, so nothing is wrapped: a line of a table is a line of a file.
    private const int Unlimited = 400;

    /// <summary>A table with a header.</summary>
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

    /// <summary>Adds a row of plain text; brackets mean nothing.</summary>
    public static void Row(this Table table, params ReadOnlySpan<string> cells)
    {
        var row = new List<Text>(cells.Length);
        foreach (string cell in cells)
            row.Add(new Text(Printable.Of(cell)));
        table.AddRow(row);
    }

    /// <summary>The table as text without trailing spaces and empty lines.</summary>
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
