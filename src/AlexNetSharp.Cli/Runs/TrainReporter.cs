using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Shows a training: a progress bar on a terminal, a line of results after each epoch, and plain lines now and then where there is no terminal.</summary>
internal sealed class TrainReporter(CommandContext context, Trainer trainer, LoaderBatches loader)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastNote = Stopwatch.GetTimestamp();
    private long _epochStart = Stopwatch.GetTimestamp();
    private int _firstStep;
    private TimeSpan _waitedBefore;
    private long _ready, _steps;

    /// <summary>Begins to listen.</summary>
    public void Attach()
    {
        _firstStep = trainer.StepInEpoch;
        trainer.StepDone += OnStep;
        trainer.EpochDone += OnEpoch;
    }

    private void OnStep(StepMetrics step)
    {
        _ready += loader.Ready;
        _steps++;
        bool terminal = !Console.IsErrorRedirected;
        if (!terminal && Stopwatch.GetElapsedTime(_lastNote) < Pause)
            return;
        double seconds = Stopwatch.GetElapsedTime(_epochStart).TotalSeconds;
        double rate = (step.StepInEpoch - _firstStep) * (double)step.Batch.Count / Math.Max(seconds, 1e-9);
        string remark = string.Create(
            CultureInfo.InvariantCulture,
            $"loss {step.Running.Loss:0.0000}  top-1 {100 * step.Running.Top1:0.0} %  {rate:0} images/s  {loader.Ready} batches ready");
        string title = string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{trainer.Options.Epochs}");
        if (terminal)
        {
            context.Progress.Show(title, step.StepInEpoch, step.StepsPerEpoch, remark);
            return;
        }
        _lastNote = Stopwatch.GetTimestamp();
        double left = (trainer.Options.Epochs - step.Epoch + 1.0 - (double)step.StepInEpoch / step.StepsPerEpoch) * step.StepsPerEpoch
            * seconds / Math.Max(1, step.StepInEpoch - _firstStep);
        context.Note(string.Create(
            CultureInfo.InvariantCulture, $"{title}  step {step.StepInEpoch}/{step.StepsPerEpoch}  {remark}  {TimeSpan.FromSeconds(left):hh\\:mm\\:ss} left"));
    }

    private void OnEpoch(EpochMetrics epoch)
    {
        string validation = epoch.Validation is { } tally ? $"  validation {Describe(tally)}" : "";
        double trained = epoch.Training.Count / epoch.ImagesPerSecond, waited = (loader.Waited - _waitedBefore).TotalSeconds;
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch}/{trainer.Options.Epochs}  training {Describe(epoch.Training)}{validation}  rate {epoch.LearningRate:g4}  {epoch.Seconds:0.0} s  {epoch.ImagesPerSecond:0} images/s  waited {waited:0.00} s ({100 * waited / trained:0.0} %) for pictures, {(double)_ready / Math.Max(_steps, 1):0.0} batches ahead  {Stopwatch.GetElapsedTime(_start).TotalSeconds:0} s in all"));
        (_firstStep, _epochStart, _lastNote) = (0, Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        (_waitedBefore, _ready, _steps) = (loader.Waited, 0, 0);
    }

    private static string Describe(Tally tally) =>
        string.Create(CultureInfo.InvariantCulture, $"loss {tally.Loss:0.0000} top-1 {100 * tally.Top1:0.00} % top-5 {100 * tally.Top5:0.00} %");
}
