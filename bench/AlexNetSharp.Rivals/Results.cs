using System.Text.Json;
using System.Text.Json.Serialization;

namespace AlexNetSharp.Rivals;

/// <summary>A row of the comparison.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Ours">Our value, in <paramref name="Unit"/>; null if the row is omitted, see <paramref name="Note"/>.</param>
/// <param name="Rival">The value that ours is compared with.</param>
/// <param name="RivalName">Name of the rival.</param>
/// <param name="Unit">Unit of both values.</param>
/// <param name="Ratio">The ratio that the target refers to; null if it refers to <paramref name="Ours"/> itself.</param>
/// <param name="Target">The target, as text.</param>
/// <param name="Note">Spread, agreement of outputs, reasons for omissions.</param>
internal sealed record ResultRow(
    string What, double? Ours, double? Rival, string RivalName, string Unit, double? Ratio, string Target, string Note);

/// <summary>A complete comparison, as written to <c>rivals.json</c>.</summary>
internal sealed record Results(
    string Date, string Command, string Processor, string Simd, int Threads, string OperatingSystem, string DotNet,
    IReadOnlyDictionary<string, string> Versions, IReadOnlyList<ResultRow> Rows)
{
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "rivals.json"), JsonSerializer.Serialize(this, ResultsJson.Default.Results) + "\n");
        File.WriteAllText(Path.Combine(folder, "rivals.md"), Markdown());
        Chart.Write(this, Path.Combine(folder, "rivals.png"));
    }

    private static readonly string[] s_leftOut =
    [
        "left out everywhere: reading and decoding images; the gradient of the input image; the update of the parameters",
        "forward: no program has dropout; what is made from the weights once (their transforms and packed copies) is made before timing, by every program",
        "forward-backward: all programs have dropout, for timing; ours makes everything that depends on the weights again in every step. Loss: half the sum of squared logits",
        "images are in each program's own order ([n, h, w, c] ours, [n, c, h, w] theirs), and padded beforehand for libtorch's first convolution, which knows no SAME padding",
    ];

    public static Results Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), ResultsJson.Default.Results)
            ?? throw new InvalidDataException($"{path}: empty");

    /// <summary>Formats the table, which also appears in the README.</summary>
    public string Markdown()
    {
        var lines = new List<string>
        {
            FormattableString.Invariant($"{Processor}, {Threads} threads, {Simd}, {OperatingSystem}, .NET {DotNet}, {Date}; ")
                + string.Join(", ", Versions.Select(v => $"{v.Key} {v.Value}")) + ".",
            "",
            "| what | AlexNetSharp | rival | ratio | target |",
            "|---|---|---|---|---|",
        };
        foreach (ResultRow row in Rows)
        {
            string rival = row.Ours is null ? $"{row.RivalName}: left out"
                : row.Rival is null ? "–"
                : $"{Number(row.Rival, row.Unit)} ({row.RivalName.Split(" through")[0]})";
            string ratio = row.Ratio is null ? "–" : FormattableString.Invariant($"**{row.Ratio:0.00}**");
            lines.Add($"| {row.What} | {Number(row.Ours, row.Unit)} | {rival} | {ratio} | {row.Target} |");
        }
        lines.Add("");
        lines.AddRange(Rows.Where(r => r.Note.Length > 0).Select(r => $"- {r.What}: {r.Note}"));
        lines.Add("");
        lines.AddRange(s_leftOut.Select(line => $"- {line}"));
        return string.Join("\n", lines) + "\n";
    }

    private static string Number(double? value, string unit) => value is null ? "–"
        : unit == "ms" ? FormattableString.Invariant($"{value:0.0} ms")
        : unit == "s" ? FormattableString.Invariant($"{value:0.00} s")
        : unit == "GB" ? FormattableString.Invariant($"{value:0.00} GB")
        : FormattableString.Invariant($"{value:0} {unit}");
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Results))]
internal sealed partial class ResultsJson : JsonSerializerContext;
