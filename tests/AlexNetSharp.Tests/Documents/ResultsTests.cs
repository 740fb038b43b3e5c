using System.Text.Json;
using System.Text.RegularExpressions;

namespace AlexNetSharp.Tests.Documents;

/// <summary>The table of results names the commits and last lines that the folders beside it hold.</summary>
public partial class ResultsTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "docs", "results");

    [Fact]
    public void EveryRowIsBackedByItsFolder()
    {
        Row[] rows = [.. Rows().Matches(File.ReadAllText(Path.Combine(s_folder, "README.md"))).Select(match => new Row(
            match.Groups["last"].Value, match.Groups["commit"].Value))];
        string[] folders = [.. Directory.GetDirectories(s_folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
        Assert.Equal(folders.Length, rows.Length);
        Assert.NotEmpty(rows);
        foreach (string folder in folders)
        {
            string[] log = File.ReadAllLines(Path.Combine(s_folder, folder, "log.txt"));
            string last = log.Last(line => line.Length > 0);
            Row row = Assert.Single(rows, row => row.LastLine == last);
            using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, folder, "config.json")));
            string version = config.RootElement.GetProperty("version").GetString()!;
            Assert.StartsWith(row.Commit, version[(version.IndexOf('+', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal);
        }
    }

    private sealed record Row(string LastLine, string Commit);

    [GeneratedRegex(@"^\| `reproduce/\S+ \S+ [^`]+` \|.*\| `(?<last>test error [^`]+)`.*\| (?<commit>[0-9a-f]{7}) \|$", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
