using System.Diagnostics;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Times work that several threads do concurrently.</summary>
internal static class ParallelTime
{
    /// <summary>Returns the shortest of several rounds, in seconds, from the start of all threads to the end of the last.</summary>
    /// <param name="threads">Number of threads, including the caller's.</param>
    /// <param name="rounds">Number of rounds.</param>
    /// <param name="work">Work of a thread in a round; receives the thread's index.</param>
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
