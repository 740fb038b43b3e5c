using System.Diagnostics;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Times work that several threads do at the same moment.</summary>
internal static class ParallelTime
{
    /// <summary>The shortest of several rounds, in seconds: from the start of all threads to the end of the last.</summary>
    /// <param name="threads">Threads, the caller's included.</param>
    /// <param name="rounds">Rounds.</param>
    /// <param name="work">What a thread does in a round; gets its number.</param>
    public static double Best(int threads, int rounds, Action<int> work)
    {
        double best = double.PositiveInfinity;
        using var gate = new Barrier(threads);
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(index => new Thread(() => Run(index)) { IsBackground = true })];
        foreach (Thread thread in others)
            thread.Start();
        Run(0);
        foreach (Thread thread in others)
            thread.Join();
        return best;

        void Run(int index)
        {
            for (int round = 0; round < rounds; round++)
            {
                gate.SignalAndWait();
                long start = Stopwatch.GetTimestamp();
                work(index);
                gate.SignalAndWait();
                if (index == 0)
                    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
    }
}
