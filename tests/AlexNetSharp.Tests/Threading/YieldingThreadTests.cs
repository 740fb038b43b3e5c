using System.Globalization;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Threading;

public sealed class YieldingThreadTests
{
    [Fact]
    public async Task WorkRunsWithLowPriorityOnAThreadOfItsOwn()
    {
        int caller = Environment.CurrentManagedThreadId, own = Policy();
        (int thread, int policy) = await YieldingThread.RunAsync(() => (Environment.CurrentManagedThreadId, Policy()));
        Assert.NotEqual(caller, thread);
        if (!OperatingSystem.IsLinux())
            return;
        const int schedIdle = 5;
        Assert.Equal(schedIdle, policy);
        Assert.Equal(own, Policy());
    }

    [Fact]
    public async Task ExceptionsReachWhoeverWaits()
    {
        var thrown = new InvalidDataException("damaged");
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidDataException>(() => YieldingThread.RunAsync<int>(() => throw thrown)));
    }

    /// <summary>Scheduling policy of this thread, the 41st field of its stat file (proc(5)); fields are counted from behind the name, which may hold spaces.</summary>
    private static int Policy()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[38], CultureInfo.InvariantCulture);
    }
}
