using System.Runtime.InteropServices;

namespace AlexNetSharp.Threading;

/// <summary>A thread of its own for long work that nobody is in a hurry for: it gives way to all other threads of the process.</summary>
internal static partial class YieldingThread
{
    /// <summary>
    /// Added to the niceness of the process. Linux' scheduler gives the thread a tenth of the weight of the others, which hardly notice, and yet it never
    /// stands still.
    /// </summary>
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

    // On Linux the runtime ignores Thread.Priority, and nice() changes the calling thread alone; elsewhere it changes the whole process (POSIX), so it
    // is not called there. A thread may not raise its priority again, so it is used once.
    private static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
            _ = Nice(Niceness);
        else
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
    }

    // The result does not matter: without it all works the same, less politely.
    [LibraryImport("libc", EntryPoint = "nice")]
    private static partial int Nice(int increment);
}
