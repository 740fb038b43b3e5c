using System.Diagnostics;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Threading;

public class WorkerPoolTests
{
    private sealed class Counter(int pieces, int spin = 0)
    {
        public readonly int[] Executed = new int[pieces];
        public int HighestWorker;

        public void Count(int index, int worker)
        {
            Interlocked.Increment(ref Executed[index]);
            if (worker > Volatile.Read(ref HighestWorker))
                Volatile.Write(ref HighestWorker, worker);
            Thread.SpinWait(spin * (index % 3));
        }
    }

    private static void Nothing(int index, int worker)
    {
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void ARunMayBeginAtAnyPiece(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int first = 0; first < 50; first++)
            for (int count = 0; count < 10; count++)
            {
                var counter = new Counter(60);
                pool.Run(counter.Count, first, count);
                Assert.Equal(Enumerable.Range(0, 60).Select(i => i >= first && i < first + count ? 1 : 0), counter.Executed);
            }
    }

    [Theory]
    [InlineData(1, 0), InlineData(2, 0), InlineData(3, 0), InlineData(8, 0), InlineData(8, 1), InlineData(64, 2)]
    public void EveryPieceIsDoneOnceInEveryRun(int threads, int atOnce)
    {
        using var pool = new WorkerPool(threads, atOnce);
        var random = new System.Random(threads);
        for (int run = 0; run < 20_000; run++)
        {
            int count = run % 50 == 0 ? 100 : random.Next(6);
            var counter = new Counter(count, run % 7);
            pool.Run(counter.Count, count);
            Assert.All(counter.Executed, times => Assert.Equal(1, times));
            Assert.InRange(counter.HighestWorker, 0, threads - 1);
        }
    }

    [Fact]
    public void ThreadsBeyondThoseThatRunAtOnceSleep()
    {
        using var pool = new WorkerPool(16, atOnce: 2);
        bool calm = false;
        // New threads look around once before they sleep, which a busy machine may put off.
        for (int attempt = 0; attempt < 100 && !calm; attempt++)
        {
            Thread.Sleep(20);
            var counter = new Counter(200, spin: 50);
            pool.Run(counter.Count, 200);
            calm = counter.HighestWorker <= 1;
        }
        Assert.True(calm);
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(2, 3));
    }

    [Fact]
    public void RunsAfterPausesOfAnyLengthAreComplete()
    {
        // Pauses around the time after which threads fall asleep.
        using var pool = new WorkerPool(3);
        var counter = new Counter(5, 20);
        for (int run = 1; run <= 3000; run++)
        {
            pool.Run(counter.Count, 5);
            Assert.All(counter.Executed, times => Assert.Equal(run, times));
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start).TotalMicroseconds < run % 120)
                Thread.SpinWait(1);
        }
    }

    [Fact]
    public void CallersFromManyThreadsFollowOneAnother()
    {
        using var pool = new WorkerPool(2);
        int inside = 0, most = 0, done = 0;
        var callers = Enumerable.Range(0, 4).Select(caller => new Thread(() =>
        {
            int mine = 0;
            for (int run = 0; run < 500; run++)
            {
                pool.Run((_, _) => Interlocked.Increment(ref mine), 3);
                if (mine != 3 * (run + 1))
                    return;
                pool.Run((_, _) =>
                {
                    int now = Interlocked.Increment(ref inside);
                    InterlockedMax(ref most, now);
                    Interlocked.Decrement(ref inside);
                }, 2);
            }
            Interlocked.Increment(ref done);
        })).ToList();
        callers.ForEach(c => c.Start());
        callers.ForEach(c => c.Join());
        Assert.Equal(4, done);
        Assert.InRange(most, 1, 2);

        static void InterlockedMax(ref int target, int value)
        {
            int seen;
            while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
            {
            }
        }
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(4)]
    public void AnExceptionReachesTheCallerAndThePoolLivesOn(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int failing = 0; failing < 20; failing++)
        {
            var error = Assert.Throws<InvalidDataException>(() => pool.Run(
                (index, _) => { if (index == failing) throw new InvalidDataException($"piece {index}"); }, 20));
            Assert.Equal($"piece {failing}", error.Message);
            var counter = new Counter(10);
            pool.Run(counter.Count, 10);
            Assert.All(counter.Executed, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void AStoppedThreadDelaysOnlyItsPiece()
    {
        using var pool = new WorkerPool(2);
        using var hold = new ManualResetEventSlim();
        int others = 0;
        // Whoever holds piece 0 cannot go on until all other pieces are done by the other thread.
        pool.Run((index, _) =>
        {
            if (index == 0)
                Assert.True(hold.Wait(TimeSpan.FromSeconds(20)));
            else if (Interlocked.Increment(ref others) == 99)
                hold.Set();
        }, 100);
        Assert.Equal(99, others);
    }

    [Fact]
    public void RunAllocatesNothing()
    {
        using var pool = new WorkerPool(2);
        Job job = new Counter(8, 5).Count;
        for (int i = 0; i < 100; i++)
            pool.Run(job, 8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            pool.Run(job, 8);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void AJobCannotRunAnotherOnItsPool()
    {
        using var pool = new WorkerPool(1);
        Assert.Throws<InvalidOperationException>(() => pool.Run((_, _) => pool.Run(Nothing, 1), 1));
    }

    [Fact]
    public void AJobCannotRunAnotherOnItsPoolFromAnyThread()
    {
        // Not disposed of: if this fails, its threads wait for each other for ever.
        var pool = new WorkerPool(3);
        using var together = new Barrier(3);
        int refused = 0;
        Job job = (_, _) =>
        {
            together.SignalAndWait();
            try
            {
                pool.Run(Nothing, 1);
            }
            catch (InvalidOperationException)
            {
                Interlocked.Increment(ref refused);
            }
        };
        var caller = new Thread(() => pool.Run(job, 3)) { IsBackground = true };
        caller.Start();
        Assert.True(caller.Join(TimeSpan.FromSeconds(20)), "the threads of the pool wait for each other");
        Assert.Equal(3, refused);
        pool.Dispose();
    }

    [Fact]
    public void ADisposedPoolSaysSo()
    {
        var pool = new WorkerPool(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(Nothing, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }
}

/// <summary>Alone, because it measures the processor time of the whole process.</summary>
[CollectionDefinition(nameof(IdleWorkerPoolTests), DisableParallelization = true)]
[Collection(nameof(IdleWorkerPoolTests))]
public class IdleWorkerPoolTests
{
    [Fact]
    public void AnIdlePoolUsesNoProcessorTime()
    {
        using var pool = new WorkerPool(4);
        pool.Run((_, _) => { }, 16);
        Thread.Sleep(50);
        // The runtime compiles in the background what earlier tests called often, so not every interval is quiet. With three threads that
        // spin none would be: they use 400 ms on every processor.
        double quietest = double.MaxValue;
        for (int attempt = 0; attempt < 20 && quietest > 100; attempt++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(400);
            quietest = Math.Min(quietest, (Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        }
        Assert.InRange(quietest, 0, 100);
    }
}
