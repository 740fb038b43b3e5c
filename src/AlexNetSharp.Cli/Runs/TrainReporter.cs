using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Shows a training: a progress bar on a terminal, a line of results after each epoch, and plain lines now and then where there is no terminal.</summary>
/// <param name="context">Where to show it.</param>
/// <param name="trainer">The training.</param>
/// <param name="loader">Where its images come from.</param>
/// <param name="pause">Time from one plain line to the next; null for 10 seconds.</param>
internal sealed class TrainReporter(CommandContext context, Trainer trainer, DataLoader loader, TimeSpan? pause = null)
{
    private readonly TimeSpan _pause = pause ?? TimeSpan.FromSeconds(10);
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastNote = Stopwatch.GetTimestamp();
    private long _epochStart = Stopwatch.GetTimestamp();
    private TimeSpan _waitedBefore;
    private long _ready, _steps, _images;   // of the epoch, since it began here

    /// <summary>Begins to listen.</summary>
    public void Attach()
    {
        trainer.StepDone += OnStep;
        trainer.EpochDone += OnEpoch;
    }

    private void OnStep(StepMetrics step)
    {
        _ready += loader.Ready;
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
            $"loss {step.Running.Loss:0.0000}  top-1 {100 * step.Running.Top1:0.0} %  {rate:0} images/s  {loader.Ready} batches ready");
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

    /// <summary>Steps to the end of the whole run.</summary>
    internal static long StepsLeft(StepMetrics step, int epochs) => (epochs - step.Epoch + 1L) * step.StepsPerEpoch - step.StepInEpoch;

    private void OnEpoch(EpochMetrics epoch)
    {
        string validation = epoch.Validation is { } tally ? $"  validation {Describe(tally)}" : "";
        double trained = epoch.Training.Count / epoch.ImagesPerSecond, waited = (loader.Waited - _waitedBefore).TotalSeconds;
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch}/{trainer.Options.Epochs}  training {Describe(epoch.Training)}{validation}  rate {epoch.LearningRate:g4}  {epoch.Seconds:0.0} s  {epoch.ImagesPerSecond:0} images/s  waited {waited:0.00} s ({100 * waited / trained:0.0} %) for images, {(double)_ready / Math.Max(_steps, 1):0.0} batches ahead  {Stopwatch.GetElapsedTime(_start).TotalSeconds:0} s in all"));
        (_epochStart, _lastNote) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        (_waitedBefore, _ready, _steps, _images) = (loader.Waited, 0, 0, 0);
    }

    private static string Describe(Tally tally) =>
        string.Create(CultureInfo.InvariantCulture, $"loss {tally.Loss:0.0000} top-1 {100 * tally.Top1:0.00} % top-5 {100 * tally.Top5:0.00} %");
}
