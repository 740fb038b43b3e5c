using System.Runtime.InteropServices;

namespace AlexNetSharp.AspNetCore;

/// <summary>Memory that the process holds without using it.</summary>
internal static partial class ProcessMemory
{
    /// <summary>Returns memory cached by the garbage collector and the C library to the system.</summary>
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
            // A C library other than GNU's; it caches little.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
