using System.Globalization;
using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Training;

/// <summary>The results of all epochs as a table of comma-separated values, one line an epoch.</summary>
internal static class MetricsCsv
{
    /// <summary>The first line.</summary>
    public const string Header =
        "epoch,step,learning_rate,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,seconds,images_per_second";

    /// <summary>The table as text; validation fields stay empty where there was none.</summary>
    public static string Format(IEnumerable<EpochMetrics> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var text = new StringBuilder(Header).Append('\n');
        foreach (EpochMetrics e in history)
        {
            text.Append(CultureInfo.InvariantCulture, $"{e.Epoch},{e.Step},{e.LearningRate:R},{Fields(e.Training)},");
            text.Append(e.Validation is { } validation ? Fields(validation) : ",,");
            text.Append(CultureInfo.InvariantCulture, $",{e.Seconds:0.###},{e.ImagesPerSecond:0.#}\n");
        }
        return text.ToString();
    }

    /// <summary>Writes the table; an older file is replaced as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<EpochMetrics> history)
    {
        using var file = new AtomicFile(path);
        file.Stream.Write(Encoding.UTF8.GetBytes(Format(history)));
        file.Commit();
    }

    private static string Fields(Tally tally) =>
        string.Create(CultureInfo.InvariantCulture, $"{tally.Loss:0.######},{tally.Top1:0.######},{tally.Top5:0.######}");
}
