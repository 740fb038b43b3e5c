using System.Text.RegularExpressions;
using AlexNetSharp.Generators;

namespace AlexNetSharp.Tests.Documents;

/// <summary>The numbers of F(2, 3) in docs/winograd.md are those of the library's derivation.</summary>
public partial class WinogradExampleTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs/winograd.md"));
    private static readonly Rational[] s_input = [1, 3, 2, 5], s_kernel = [2, -1, 3];

    [Fact]
    public void TheTableIsTheDerivation()
    {
        string[][] rows = [.. s_page.Split('\n').SkipWhile(line => !line.StartsWith("| point | row of B", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())];
        var tile = ToomCook.Parse(3, string.Join(',', rows.Select(row => row[0].Replace('−', '-'))));
        Assert.Equal(2, tile.Outputs);
        Rational[][] inputTransform = Matrix(tile.InputTransform()), kernelTransform = Matrix(tile.WeightTransform()), outputAdjoint = Matrix(tile.OutputAdjoint());
        Assert.Equal(tile.Points, rows.Length);
        for (int p = 0; p < rows.Length; p++)
        {
            Rational input = Product(inputTransform[p], s_input), kernel = Product(kernelTransform[p], s_kernel);
            Assert.Equal(inputTransform[p], Numbers(rows[p][1]));
            Assert.Equal([input], Numbers(rows[p][2]));
            Assert.Equal(kernelTransform[p], Numbers(rows[p][3]));
            Assert.Equal([kernel], Numbers(rows[p][4]));
            Assert.Equal([input * kernel], Numbers(rows[p][5]));
            Assert.Equal(outputAdjoint[p], Numbers(rows[p][6]));
        }
    }

    [Fact]
    public void BothWaysEndInTheSameOutputs()
    {
        Rational[] outputs = [.. Enumerable.Range(0, 2).Select(i => Product(s_kernel, s_input[i..(i + 3)]))];
        Match[] lines = OutputText().Matches(s_page).ToArray();
        Assert.Equal(4, lines.Length);
        foreach (Match line in lines)
        {
            Rational expected = outputs[line.Groups[1].Value == "₀" ? 0 : 1];
            Assert.Equal(expected, Rational.Parse(line.Groups[3].Value));
            // Sums of products and quotients, evaluated term by term.
            Rational sum = 0;
            foreach (Match term in TermText().Matches(line.Groups[2].Value.Replace('−', '-').Replace(" ", "", StringComparison.Ordinal)))
            {
                Rational[] factors = [.. term.Groups[2].Value.Split('·', '/').Select(factor => Rational.Parse(factor.Trim('(', ')')))];
                Rational value = factors.Length == 1 ? factors[0] : term.Value.Contains('/') ? factors[0] / factors[1] : factors[0] * factors[1];
                sum += term.Groups[1].Value == "-" ? -value : value;
            }
            Assert.Equal(expected, sum);
        }
    }

    private static Rational Product(IEnumerable<Rational> a, IEnumerable<Rational> b) => a.Zip(b, (x, y) => x * y).Aggregate((Rational)0, (sum, x) => sum + x);

    private static Rational[] Numbers(string cell) => [.. cell.Replace('−', '-').Replace("½", "1/2", StringComparison.Ordinal).Split(',').Select(number => Rational.Parse(number.Trim()))];

    private static Rational[][] Matrix(LinearProgram program)
    {
        Rational[,] matrix = program.Matrix();
        return [.. Enumerable.Range(0, matrix.GetLength(0)).Select(row => Enumerable.Range(0, matrix.GetLength(1)).Select(column => matrix[row, column]).ToArray())];
    }

    [GeneratedRegex(@"^    y([₀₁]) = (.*\S) *= *(\d+)$", RegexOptions.Multiline)]
    private static partial Regex OutputText();

    [GeneratedRegex(@"([+-]?)((?:\(-?\d+\)|\d+)(?:[·/](?:\(-?\d+\)|\d+))?)")]
    private static partial Regex TermText();
}
