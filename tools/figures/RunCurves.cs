using System.Globalization;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Training;

namespace AlexNetSharp.Figures;

/// <summary>The curves of a finished training run, redrawn from its metrics.csv.</summary>
internal static class RunCurves
{
    // Fractions are kept to six decimal places.
    private const long Images = 1_000_000;

    /// <summary>Draws curves.png as training does at the end.</summary>
    /// <param name="path">Path of metrics.csv in a run folder.</param>
    public static byte[] Draw(string path)
    {
        string[][] rows = [.. File.ReadLines(path).Select(line => line.Split(','))];
        string[] names = rows[0];
        return TrainingCurves.ToPng([.. rows.Skip(1).Select(row => new EpochMetrics(
            int.Parse(Cell(row, "epoch"), CultureInfo.InvariantCulture), long.Parse(Cell(row, "step"), CultureInfo.InvariantCulture), Number(row, "learning_rate"),
            Of(row, "train"), Cell(row, "val_loss").Length > 0 ? Of(row, "val") : null, Number(row, "seconds"), Number(row, "images_per_second")))]);

        string Cell(string[] row, string name) => row[Array.IndexOf(names, name)];
        double Number(string[] row, string name) => double.Parse(Cell(row, name), CultureInfo.InvariantCulture);
        Tally Of(string[] row, string part) => new(
            Images, Images * Number(row, $"{part}_loss"), (long)Math.Round(Images * Number(row, $"{part}_top1")), (long)Math.Round(Images * Number(row, $"{part}_top5")));
    }
}
