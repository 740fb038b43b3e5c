using System.Runtime.InteropServices;

namespace AlexNetSharp.AspNetCore;

/// <summary>Memory that the process holds and does not use.</summary>
internal static partial class ProcessMemory
{
    /// <summary>Gives back what the garbage collector and the C library keep for later.</summary>
    public static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = Trim(0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library than GNU's, which keeps little.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
