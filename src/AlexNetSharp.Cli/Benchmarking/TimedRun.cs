namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Times a step repeatedly, like the notebook's <c>time_tensorflow_run</c>.</summary>
/// <param name="Name">Name in the output, such as <c>forward</c>.</param>
/// <param name="BurnIn">Number of warm-up steps.</param>
/// <param name="Batches">Number of measured steps.</param>
internal sealed record TimedRun(string Name, int BurnIn, int Batches)
{
    private const int StepsPerLine = 10;

    /// <summary>Receives lines of text.</summary>
    public Action<string> WriteLine { get; init; } = _ => { };

    /// <summary>Called after every step with the number of steps done, including burn-in, and the duration of the step.</summary>
    public Action<int, double> Progress { get; init; } = (_, _) => { };

    /// <summary>Source of time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Runs the steps until all are done or the user interrupts.</summary>
    /// <param name="step">One step; its argument counts from 0, including burn-in.</param>
    /// <param name="counted">Called after each measured step, outside the measured time.</param>
    /// <param name="cancellation">Checked between steps.</param>
    /// <returns>The durations of the measured steps, fewer than <see cref="Batches"/> after an interruption.</returns>
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
