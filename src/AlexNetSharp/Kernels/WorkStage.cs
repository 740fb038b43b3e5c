namespace AlexNetSharp.Kernels;

/// <summary>Pieces of work between two waits: all threads take them until none is left.</summary>
/// <param name="Work">All of it, in any unit that the stages of a kernel share.</param>
/// <param name="Pieces">How many pieces it is cut into, at least 1.</param>
/// <param name="Largest">Work of the largest piece.</param>
internal readonly record struct WorkStage(double Work, double Pieces, double Largest)
{
    /// <summary>Equal pieces.</summary>
    public static WorkStage Even(double work, long pieces) => new(work, Math.Max(1, pieces), work / Math.Max(1, pieces));

    /// <summary>
    /// How many threads' worth of speed a direction can reach at best on some threads: stages follow one another, and each takes at least its largest
    /// piece as often as a thread has to take one. Waits, memory and caches come on top.
    /// </summary>
    public static double Bound(IReadOnlyList<WorkStage> stages, int threads)
    {
        double work = 0, time = 0;
        foreach (WorkStage stage in stages)
        {
            work += stage.Work;
            // Either all threads share the work, or the pieces do not come out even.
            double rounds = Math.Ceiling(stage.Pieces / threads);
            time += Math.Max(stage.Work / threads, Math.Min(rounds * stage.Largest, stage.Work / threads + stage.Largest));
        }
        return work > 0 ? work / time : threads;
    }
}
