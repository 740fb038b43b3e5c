namespace AlexNetSharp.Tests.Documents;

/// <summary>Tables in documents are those that the benchmarks wrote; <c>dotnet run tools/tables.cs</c> copies them.</summary>
public class BenchmarkTableTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "benchmarks", "amd-epyc");

    [Theory]
    [InlineData("amd-epyc", "rivals")]
    [InlineData("amd-epyc-25.1.1-avx2", "rivals AVX2")]
    public void TheReadmesTablesAreTheMeasuredOnes(string machine, string name)
    {
        string measured = Text(Path.Combine(Repository.Root, "benchmarks", machine, "rivals.md"));
        // The notes on spread and agreement, a list behind the table, stay in the file.
        Assert.Equal(measured[..measured.IndexOf("\n- ", StringComparison.Ordinal)].Trim(), Shown("README.md", name));
    }

    [Fact]
    public void TheReadmesPlotIsThere() => ShowsImage("README.md", "rivals.png");

    [Fact]
    public void ThePerformanceTablesAreTheMeasuredOnes()
    {
        Assert.Equal(Measured("performance.md"), Shown("docs/performance.md", "layers") + "\n\n" + Shown("docs/performance.md", "growth"));
        ShowsImage("docs/performance.md", "growth.png");
    }

    [Fact]
    public void TheLoadTestIsAMeasuredOne() => Assert.Contains(
        Shown("docs/serving.md", "load test"),
        Directory.GetFiles(Path.Combine(Repository.Root, "benchmarks"), "serving.md", SearchOption.AllDirectories).Select(path => Text(path).Trim()));

    private static string Measured(string file) => Text(Path.Combine(s_folder, file)).Trim();

    private static string Shown(string document, string name)
    {
        string text = Text(Path.Combine(Repository.Root, document)), open = $"<!-- {name} -->";
        int from = text.IndexOf(open, StringComparison.Ordinal), to = text.IndexOf($"<!-- /{name} -->", StringComparison.Ordinal);
        Assert.InRange(from, 0, to);
        return text[(from + open.Length)..to].Trim();
    }

    private static void ShowsImage(string document, string image)
    {
        Assert.Contains($"benchmarks/amd-epyc/{image}", Text(Path.Combine(Repository.Root, document)), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(s_folder, image)));
    }

    private static string Text(string path) => File.ReadAllText(path).ReplaceLineEndings("\n");
}
