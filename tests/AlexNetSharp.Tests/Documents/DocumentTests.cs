using System.Text.RegularExpressions;

namespace AlexNetSharp.Tests.Documents;

/// <summary>What documents say about files and code holds.</summary>
public partial class DocumentTests
{
    [Fact]
    public void TheCodeOfTheReadmesIsCompiled()
    {
        string example = Unindented(File.ReadAllText(Path.Combine(Repository.Root, "tests/AlexNetSharp.Tests/Documents/ReadmeExample.cs")));
        Match[] blocks = [.. Readmes().SelectMany(readme => CodeBlock().Matches(File.ReadAllText(readme)))];
        Assert.True(blocks.Length >= 4);
        foreach (Match block in blocks)
            Assert.Contains(Unindented(block.Groups[1].Value), example, StringComparison.Ordinal);
    }

    [Fact]
    public void LinksBetweenFilesLeadSomewhere()
    {
        var missing = new List<string>();
        int links = 0;
        foreach (string document in Documents())
            foreach (Match link in Link().Matches(File.ReadAllText(document)))
            {
                links++;
                string target = Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value.Split('#')[0]);
                if (!File.Exists(target) && !Directory.Exists(target))
                    missing.Add($"{Path.GetRelativePath(Repository.Root, document)}: {link.Groups[1].Value}");
            }
        Assert.Empty(missing);
        Assert.True(links > 20);
    }

    /// <summary>The repository's, and those of the packages.</summary>
    private static IEnumerable<string> Readmes() =>
        ((string[])["", "src/AlexNetSharp", "src/AlexNetSharp.Images", "src/AlexNetSharp.Cli"]).Select(folder => Path.Combine(Repository.Root, folder, "README.md"));

    private static IEnumerable<string> Documents() => Directory.EnumerateFiles(Repository.Root, "*.md")
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories));

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    // Links with a scheme lead out of the repository.
    [GeneratedRegex(@"\]\(((?![a-z]+:|#)[^)\s]+)\)")]
    private static partial Regex Link();
}
