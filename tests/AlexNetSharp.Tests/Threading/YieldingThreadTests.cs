using System.Globalization;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Threading;

public sealed class YieldingThreadTests
{
    [Fact]
    public async Task WorkRunsWithLowPriorityOnAThreadOfItsOwn()
    {
        int caller = Environment.CurrentManagedThreadId;
        (int thread, int nice) = await YieldingThread.RunAsync(() => (Environment.CurrentManagedThreadId, Nice()));
        Assert.NotEqual(caller, thread);
        if (!OperatingSystem.IsLinux())
            return;
        // 19 is the lowest priority that there is. The caller keeps its own.
        Assert.Equal(Math.Min(Nice() + 10, 19), nice);
    }

    [Fact]
    public async Task ExceptionsReachWhoeverWaits()
    {
        var thrown = new InvalidDataException("damaged");
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidDataException>(() => YieldingThread.RunAsync<int>(() => throw thrown)));
    }

    /// <summary>Niceness of this thread, the 19th field of its stat file (proc(5)); fields are counted from behind the name, which may hold spaces.</summary>
    private static int Nice()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
