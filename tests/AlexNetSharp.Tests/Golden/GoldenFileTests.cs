using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace AlexNetSharp.Tests.Golden;

/// <summary>The reference files are the ones their README describes, and the tests' reader reads them.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public partial class GoldenFileTests
{
    [Fact]
    public void TheFilesHaveTheSumsOfTheReadme()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Golden");
        MatchCollection rows = Row().Matches(File.ReadAllText(Path.Combine(folder, "README.md")));
        Assert.Equal(Directory.GetFiles(folder, "*.safetensors").Length, rows.Count);
        Assert.All(rows, row =>
        {
            byte[] sum = SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, row.Groups[1].Value)));
            Assert.Equal(row.Groups[2].Value, Convert.ToHexStringLower(sum));
        });
    }

    [Fact]
    public void ReorderingMovesTheRightDimensions()
    {
        SafetensorsFile ops = SafetensorsFile.Golden("ops.safetensors");
        const string Name = "conv/5x5-groups2/w"; // [12, 4, 5, 5]
        float[] source = ops.Values(Name), weight = ops.Reordered(Name, weight: true), image = ops.Reordered(Name, weight: false);
        for (int a = 0; a < 12; a++)
            for (int b = 0; b < 4; b++)
                for (int y = 0; y < 5; y++)
                    for (int x = 0; x < 5; x++)
                    {
                        float value = source[((a * 4 + b) * 5 + y) * 5 + x];
                        Assert.Equal(value, weight[((y * 5 + x) * 4 + b) * 12 + a]);
                        Assert.Equal(value, image[((a * 5 + y) * 5 + x) * 4 + b]);
                    }
    }

    [GeneratedRegex(@"\| `([\w.-]+\.safetensors)` \|.*`([0-9a-f]{64})`")]
    private static partial Regex Row();
}
