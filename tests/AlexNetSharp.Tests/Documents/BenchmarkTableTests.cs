namespace AlexNetSharp.Tests.Documents;

/// <summary>The README's comparison is the one that the benchmark wrote.</summary>
public class BenchmarkTableTests
{
    private const string Begin = "<!-- rivals -->", End = "<!-- /rivals -->";

    [Fact]
    public void TheReadmesTableIsTheMeasuredOne()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        string folder = Path.Combine(Repository.Root, "benchmarks", "amd-epyc");
        string measured = File.ReadAllText(Path.Combine(folder, "rivals.md")).ReplaceLineEndings("\n");
        // The notes on spread and agreement, a list behind the table, stay in the file.
        string table = measured[..measured.IndexOf("\n- ", StringComparison.Ordinal)].Trim();
        int from = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = readme.IndexOf(End, StringComparison.Ordinal);
        Assert.InRange(from, Begin.Length, to);
        Assert.Equal(table, readme[from..to].Trim());
        Assert.Contains("benchmarks/amd-epyc/rivals.png", readme, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "rivals.png")));
    }
}
