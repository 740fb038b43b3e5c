using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Reports on training: a progress bar on a terminal, otherwise occasional plain lines, and a line of results after each epoch.</summary>
/// <param name="context">Receives the output.</param>
/// <param name="trainer">The trainer.</param>
/// <param name="loader">The loader of the images; null if features were computed in advance.</param>
/// <param name="pause">Time between plain lines; null for 10 seconds.</param>
internal sealed class TrainReporter(CommandContext context, Trainer trainer, DataLoader? loader, TimeSpan? pause = null)
{
    /// <summary>Fraction of the training time spent waiting for images above which the user is notified.</summary>
    private const double SlowLoading = 0.05;

    private readonly TimeSpan _pause = pause ?? TimeSpan.FromSeconds(10);
    private long _lastNote = Stopwatch.GetTimestamp();
    private long _epochStart = Stopwatch.GetTimestamp();
    private TimeSpan _waitedBefore;
    private long _steps, _images;   // of the epoch, since training started or resumed

    private TimeSpan Waited => loader?.Waited ?? TimeSpan.Zero;

    /// <summary>Subscribes to the trainer's events.</summary>
    public void Attach()
    {
        trainer.StepDone += OnStep;
        trainer.EpochDone += OnEpoch;
    }

    private void OnStep(StepMetrics step)
    {
        _steps++;
        _images += step.Batch.Count;
        bool terminal = context.Progress.IsTerminal;
        if (!terminal && Stopwatch.GetElapsedTime(_lastNote) < _pause)
            return;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_epochStart);
        double rate = _images / Math.Max(elapsed.TotalSeconds, 1e-9);
        TimeSpan left = elapsed * ((double)StepsLeft(step, trainer.Options.Epochs) / _steps);
        string remark = string.Create(
            CultureInfo.InvariantCulture,
            $"loss {step.Running.Loss:0.0000}  top-1 {100 * step.Running.Top1:0.0} %  {rate:0} images/s{(loader is null ? "" : FormattableString.Invariant($"  {loader.Ready} batches ready"))}");
        string title = string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{trainer.Options.Epochs}");
        if (terminal)
        {
            context.Progress.Show(title, step.StepInEpoch, step.StepsPerEpoch, remark, left);
            return;
        }
        _lastNote = Stopwatch.GetTimestamp();
        context.Note(string.Create(
            CultureInfo.InvariantCulture, $"{title}  step {step.StepInEpoch}/{step.StepsPerEpoch}  {remark}  {ProgressLine.Clock(left)} left"));
    }

    /// <summary>Returns the number of steps left in the whole run.</summary>
    internal static long StepsLeft(StepMetrics step, int epochs) => (epochs - step.Epoch + 1L) * step.StepsPerEpoch - step.StepInEpoch;

    private void OnEpoch(EpochMetrics epoch)
    {
        // Words are as short as in metrics.csv: with five-digit times and top-5, the line still fits in 150 columns.
        string validation = epoch.Validation is { } tally ? $"  val {Describe(tally)}" : "";
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch}/{trainer.Options.Epochs}  train {Describe(epoch.Training)}{validation}  rate {epoch.LearningRate:g4}  {epoch.ImagesPerSecond:0} images/s  {epoch.Seconds:0.0} s"));
        double waited = (Waited - _waitedBefore).TotalSeconds, trained = epoch.Training.Count / epoch.ImagesPerSecond;
        if (waited > SlowLoading * trained)
            context.Note(string.Create(
                CultureInfo.InvariantCulture, $"waited {waited:0.0} s ({100 * waited / trained:0} %) for images: loading is slower than computing"));
        (_epochStart, _lastNote) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        (_waitedBefore, _steps, _images) = (Waited, 0, 0);
    }

    /// <summary>Formats loss and accuracy; top-5 only if there are more than 5 classes.</summary>
    private string Describe(Tally tally)
    {
        string top5 = trainer.Network.OutputShape.Length > 5 ? string.Create(CultureInfo.InvariantCulture, $" top-5 {100 * tally.Top5:0.00} %") : "";
        return string.Create(CultureInfo.InvariantCulture, $"loss {tally.Loss:0.0000} top-1 {100 * tally.Top1:0.00} %{top5}");
    }
}
