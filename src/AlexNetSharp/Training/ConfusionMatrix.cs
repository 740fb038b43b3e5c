using System.Globalization;
using System.Text;

namespace AlexNetSharp.Training;

/// <summary>A confusion matrix: for each class, how many of its images were predicted as which class.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[] _counts;

    /// <summary>An empty matrix.</summary>
    /// <param name="classes">Names of the classes.</param>
    internal ConfusionMatrix(IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        Classes = classes;
        _counts = new long[checked(classes.Count * classes.Count)];
    }

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Images of class <paramref name="actual"/> that were predicted as <paramref name="predicted"/>.</summary>
    public long this[int actual, int predicted] => _counts[actual * Classes.Count + predicted];

    /// <summary>Counts an image.</summary>
    internal void Add(int actual, int predicted) => _counts[actual * Classes.Count + predicted]++;

    /// <summary>Images of a class.</summary>
    public long Actual(int label) => Enumerable.Range(0, Classes.Count).Sum(k => this[label, k]);

    /// <summary>Images that were predicted as a class.</summary>
    public long Predicted(int label) => Enumerable.Range(0, Classes.Count).Sum(k => this[k, label]);

    /// <summary>Precision: of the images predicted as a class, the fraction that belongs to it; NaN if there are none.</summary>
    public double Precision(int label) => (double)this[label, label] / Predicted(label);

    /// <summary>Recall: of the images of a class, the fraction that was predicted as it; NaN if there are none.</summary>
    public double Recall(int label) => (double)this[label, label] / Actual(label);

    /// <summary>The matrix as comma-separated values: a line for each actual class, a column for each predicted one.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder("actual");
        foreach (string name in Classes)
            text.Append(',').Append(Quote(name));
        text.Append('\n');
        for (int actual = 0; actual < Classes.Count; actual++)
        {
            text.Append(Quote(Classes[actual]));
            for (int predicted = 0; predicted < Classes.Count; predicted++)
                text.Append(CultureInfo.InvariantCulture, $",{this[actual, predicted]}");
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A cell of text. What a spreadsheet would take for a formula begins with an apostrophe, which it takes for "text".</summary>
    private static string Quote(string name)
    {
        if (name is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
            name = "'" + name;
        return name.AsSpan().ContainsAny(",\"\r\n") ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : name;
    }
}
