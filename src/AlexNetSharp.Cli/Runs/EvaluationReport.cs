using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Training;
using Spectre.Console;

namespace AlexNetSharp.Cli.Runs;

/// <summary>An evaluation, as text, JSON and files.</summary>
/// <param name="Evaluation">The metrics.</param>
/// <param name="Set">The evaluated images.</param>
/// <param name="Checkpoint">Path of the evaluated model file.</param>
/// <param name="Views">Number of views per image: 1 or 10.</param>
internal sealed record EvaluationReport(Evaluation Evaluation, EvaluationSet Set, string Checkpoint, int Views)
{
    private IReadOnlyList<string> Classes => Evaluation.Confusion.Classes;

    /// <summary>Prints the result and two tables.</summary>
    public void Print(CommandContext context)
    {
        Tally tally = Evaluation.Tally;
        context.WriteLine(Set.ToLine());
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{tally.Count} images{(Views > 1 ? $" in {Views} views" : "")}: loss {tally.Loss:0.0000}, top-1 {100 * tally.Top1:0.00} %, top-5 {100 * tally.Top5:0.00} %"));
        Table classes = Tables.Create("class", ">precision %", ">recall %", ">images", ">taken for it");
        for (int k = 0; k < Classes.Count; k++)
            classes.Row(
                Classes[k], Percent(Evaluation.Confusion.Precision(k)), Percent(Evaluation.Confusion.Recall(k)),
                Text(Evaluation.Confusion.Actual(k)), Text(Evaluation.Confusion.Predicted(k)));
        context.WriteTable(classes);
        if (Evaluation.Mistakes.Count == 0)
            return;
        Table mistakes = Tables.Create("most confident mistakes", "class", "taken for", ">sure %");
        foreach (Mistake mistake in Evaluation.Mistakes)
            mistakes.Row(Set.Images.Name(mistake.Index), Classes[mistake.Label], Classes[mistake.Predicted], Percent(mistake.Probability));
        context.WriteTable(mistakes);
    }

    /// <summary>Writes <c>confusion.csv</c> and <c>confusion.png</c> to an existing folder.</summary>
    public void SaveConfusion(string folder)
    {
        OutputFile.Write("--out", Path.Combine(folder, "confusion.csv"), Encoding.UTF8.GetBytes(Evaluation.Confusion.ToCsv()));
        OutputFile.Write("--out", Path.Combine(folder, "confusion.png"), ConfusionPlot.ToPng(Evaluation.Confusion));
    }

    /// <summary>Returns the report as JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("checkpoint", Checkpoint);
            json.WriteString("set", Set.Description);
            json.WriteNumber("images", Evaluation.Tally.Count);
            if (Set.TrainedOn is { } trainedOn)
                json.WriteNumber("trained_on", trainedOn);
            else
                json.WriteNull("trained_on");
            json.WriteNumber("views", Views);
            WriteNumber(json, "loss", Evaluation.Tally.Loss);
            WriteNumber(json, "top1", Evaluation.Tally.Top1);
            WriteNumber(json, "top5", Evaluation.Tally.Top5);
            json.WriteStartArray("classes");
            for (int k = 0; k < Classes.Count; k++)
            {
                json.WriteStartObject();
                json.WriteString("name", Classes[k]);
                WriteNumber(json, "precision", Evaluation.Confusion.Precision(k));
                WriteNumber(json, "recall", Evaluation.Confusion.Recall(k));
                json.WriteNumber("images", Evaluation.Confusion.Actual(k));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("confusion");
            for (int actual = 0; actual < Classes.Count; actual++)
            {
                json.WriteStartArray();
                for (int predicted = 0; predicted < Classes.Count; predicted++)
                    json.WriteNumberValue(Evaluation.Confusion[actual, predicted]);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteStartArray("mistakes");
            foreach (Mistake mistake in Evaluation.Mistakes)
            {
                json.WriteStartObject();
                json.WriteString("image", Set.Images.Name(mistake.Index));
                json.WriteString("class", Classes[mistake.Label]);
                json.WriteString("predicted", Classes[mistake.Predicted]);
                WriteNumber(json, "probability", mistake.Probability);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a number; NaN and infinities become null, because JSON has no literals for them.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.00", CultureInfo.InvariantCulture) : "";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
