using System.Globalization;
using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Training;

/// <summary>What one step of a training brought, as <c>metrics-steps.csv</c> and the event files keep it.</summary>
internal readonly record struct StepPoint(long Step, int Epoch, float LearningRate, float Loss, float Top1);

/// <summary>Results of single steps: a table of comma-separated values with a line for every n-th step, about two thousand in a run.</summary>
/// <remarks>
/// The table is the only place where the points of earlier epochs are kept. It is written before each checkpoint, so it holds every point up
/// to the checkpoint; a training that continues from there drops the points after it and computes them again.
/// </remarks>
internal sealed class StepLog
{
    /// <summary>The first line.</summary>
    public const string Header = "step,epoch,learning_rate,loss,top1";

    private const int UsualPoints = 2000;

    private readonly List<StepPoint> _points;

    /// <summary>Reads what the training has behind it; lines that are none of ours are left out.</summary>
    /// <param name="path">The table.</param>
    /// <param name="step">Steps that the training has done.</param>
    /// <param name="steps">Steps of the whole training.</param>
    public StepLog(string path, long step, long steps)
    {
        Path = path;
        Interval = Math.Max(1, (steps + UsualPoints - 1) / UsualPoints);
        _points = step == 0 || !File.Exists(path) ? [] : [.. File.ReadLines(path).Select(Parse).OfType<StepPoint>().Where(p => p.Step <= step)];
    }

    /// <summary>The table.</summary>
    public string Path { get; }

    /// <summary>Steps from one point to the next.</summary>
    public long Interval { get; }

    /// <summary>Takes note of a step, if it is one's turn.</summary>
    public void Add(StepMetrics step)
    {
        if (step.Step % Interval == 0)
            _points.Add(new(step.Step, step.Epoch, (float)step.LearningRate, (float)step.Batch.Loss, (float)step.Batch.Top1));
    }

    /// <summary>The points of an epoch.</summary>
    public IEnumerable<StepPoint> OfEpoch(int epoch) => _points.Where(p => p.Epoch == epoch);

    /// <summary>Writes the table; an older file is replaced as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save()
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (StepPoint p in _points)
            text.Append(CultureInfo.InvariantCulture, $"{p.Step},{p.Epoch},{p.LearningRate:R},{p.Loss:R},{p.Top1:R}\n");
        using var file = new AtomicFile(Path);
        file.Stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
        file.Commit();
    }

    private static StepPoint? Parse(string line)
    {
        static bool Number(string text, out float value) => float.TryParse(text, CultureInfo.InvariantCulture, out value);
        return line.Split(',') is [var s, var e, var r, var l, var t]
            && long.TryParse(s, CultureInfo.InvariantCulture, out long step) && int.TryParse(e, CultureInfo.InvariantCulture, out int epoch)
            && Number(r, out float rate) && Number(l, out float loss) && Number(t, out float top1)
                ? new StepPoint(step, epoch, rate, loss, top1) : null;
    }
}
