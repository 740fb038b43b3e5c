using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

// Compiled into the command as well, under a namespace of its own: the library does not make it public.
#if !ALEXNET_COMMAND
namespace AlexNetSharp.Formats;
#else
namespace AlexNetSharp.Cli.Hosting;
#endif

/// <summary>
/// Brings files and folders to the disk, and says so when that fails: <see cref="FileStream.Flush(bool)"/> swallows the errors of <c>fsync</c>, among them
/// those of a full or failing disk.
/// </summary>
internal static partial class DiskSync
{
    private const int Interrupted = 4, InvalidArgument = 22, ReadOnly = 0;

    /// <summary>Returns when the disk has what was written to a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">What to call it in a message.</param>
    /// <exception cref="IOException">The disk is full, failing or gone.</exception>
    public static void Flush(SafeFileHandle file, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            Sync((int)file.DangerousGetHandle(), name);
        }
        finally
        {
            if (held)
                file.DangerousRelease();
        }
    }

    /// <summary>Returns when the disk has the names in a folder: after a file was renamed into it, say.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The disk is full, failing or gone.</exception>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        int folder = Open(path, ReadOnly);
        // A folder that may be written to but not read cannot be opened; its names reach the disk when the system likes.
        if (folder < 0)
            return;
        try
        {
            Sync(folder, path);
        }
        finally
        {
            _ = Close(folder);
        }
    }

    private static void Sync(int descriptor, string name)
    {
        while (FileSync(descriptor) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
                continue;
            // A file system that knows no such thing, for pipes or folders.
            if (error == InvalidArgument)
                return;
            throw new IOException($"{name}: cannot be brought to the disk ({new Win32Exception(error).Message})");
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int FileSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Close(int descriptor);
}
