using System.Runtime.InteropServices;

namespace AlexNetSharp.Threading;

/// <summary>A thread of its own for long work that nobody is in a hurry for: it gives way to all other threads of the process.</summary>
internal static partial class YieldingThread
{
    /// <summary>
    /// Linux' policy for what may wait: a processor that runs nothing else counts as idle, so a thread that wakes up is put there and not beside its siblings.
    /// Such a thread has a weight of 3 beside 1,024, and makes progress even on busy processors.
    /// </summary>
    private const int SchedIdle = 5;

    /// <summary>Added to the niceness of the process where the policy cannot be set: a tenth of the weight of the others.</summary>
    private const int Niceness = 10;

    /// <summary>Runs <paramref name="work"/> on a new thread of low priority.</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="work">The work, some tens of milliseconds or more: starting the thread takes a tenth of one.</param>
    /// <returns>The result, or the exception of <paramref name="work"/>.</returns>
    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            GiveWay();
            try
            {
                result.SetResult(work());
            }
#pragma warning disable CA1031 // It goes to whoever awaits the result.
            catch (Exception e)
#pragma warning restore CA1031
            {
                result.SetException(e);
            }
        })
        {
            IsBackground = true,
            Name = "AlexNetSharp, low priority",
        };
        thread.Start();
        return result.Task;
    }

    // On Linux the runtime ignores Thread.Priority, and both calls change the calling thread alone; elsewhere nice() changes the whole process (POSIX), so it
    // is not called there. A thread may not raise its priority again, so it is used once.
    private static void GiveWay()
    {
        if (!OperatingSystem.IsLinux())
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        else if (SetScheduler(thread: 0, SchedIdle, priority: 0) != 0)
            _ = Nice(Niceness);
    }

    // The priority is the only member of sched_param.
    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    // The result does not matter: without it all works the same, less politely.
    [LibraryImport("libc", EntryPoint = "nice")]
    private static partial int Nice(int increment);
}
