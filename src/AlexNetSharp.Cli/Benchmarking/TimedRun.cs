namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Times a step again and again, as the notebook's <c>time_tensorflow_run</c> does.</summary>
/// <param name="Name">What the lines call it: <c>forward</c>.</param>
/// <param name="BurnIn">Steps before the first that counts.</param>
/// <param name="Batches">Steps that count.</param>
internal sealed record TimedRun(string Name, int BurnIn, int Batches)
{
    private const int StepsPerLine = 10;

    /// <summary>Where lines go.</summary>
    public Action<string> WriteLine { get; init; } = _ => { };

    /// <summary>Told after every step how many are done, burn-in included, and how long the step took.</summary>
    public Action<int, double> Progress { get; init; } = (_, _) => { };

    /// <summary>Clock and calendar.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Runs the steps until all are done or the user interrupts.</summary>
    /// <param name="step">One step; its argument counts from 0, burn-in included.</param>
    /// <param name="counted">Told after each step that counts, outside of the time taken.</param>
    /// <param name="cancellation">Asked between steps.</param>
    /// <returns>The durations of the steps that count, fewer than <see cref="Batches"/> after an interruption.</returns>
    public DurationStatistics Run(Action<int> step, Action counted, CancellationToken cancellation)
    {
        var durations = new DurationStatistics(Batches);
        for (int i = 0; i < BurnIn + Batches && !cancellation.IsCancellationRequested; i++)
        {
            long start = Time.GetTimestamp();
            step(i);
            double seconds = Time.GetElapsedTime(start).TotalSeconds;
            if (i >= BurnIn)
            {
                durations.Add(seconds);
                counted();
                if ((i - BurnIn) % StepsPerLine == 0)
                    WriteLine(NotebookFormat.Step(Time.GetLocalNow(), i - BurnIn, seconds));
            }
            Progress(i + 1, seconds);
        }
        if (durations.Count > 0)
            WriteLine(NotebookFormat.Summary(Time.GetLocalNow(), Name, durations));
        return durations;
    }
}
