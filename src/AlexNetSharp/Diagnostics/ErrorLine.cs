using System.Globalization;
using System.Reflection;

// Compiled into the command and the service as well, under namespaces of their own: the library does not make it public.
#if !ALEXNET_COMMAND && !ALEXNET_SERVICE
namespace AlexNetSharp.Diagnostics;
#elif ALEXNET_COMMAND
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Cli.Hosting;
#else
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.AspNetCore;
#endif

/// <summary>What people read about an exception: one line that says something.</summary>
internal static class ErrorLine
{
    // ENOSPC and EDQUOT of Linux, which the runtime passes on as they are; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL as HRESULTs.
    private const int Full = 28, OverQuota = 122, FullOnWindows = unchecked((int)0x80070070), FullHandleOnWindows = unchecked((int)0x80070027);

    /// <summary>The exception's message, the cause's where it only wraps one, or what can be said where the runtime's says nothing.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="memoryAdvice">What else makes do with less memory, behind "smaller batches or images".</param>
    /// <param name="whereAdvice">How to find out where an error inside the program is.</param>
    public static string Of(Exception e, string memoryAdvice = "", string whereAdvice = "") => e switch
    {
        AggregateException or TargetInvocationException or TypeInitializationException when e.InnerException is { } cause => Of(cause, memoryAdvice, whereAdvice),
        InsufficientMemoryException => e.Message,
        OutOfMemoryException => string.Create(
            CultureInfo.InvariantCulture,
            $"the memory does not suffice ({SystemMemory.AvailableBytes / 1e9:0.0} GB are available now); use smaller batches or images{memoryAdvice}, or give the process more"),
        IOException { HResult: Full or OverQuota or FullOnWindows or FullHandleOnWindows } => DiskFull(e.Message),
        // Errors in the program, and what an exception says that nobody gave a message.
        NullReferenceException or IndexOutOfRangeException or InvalidCastException or ArithmeticException => Inside(e, whereAdvice),
        _ when e.Message.Contains(e.GetType().FullName!, StringComparison.Ordinal) => Inside(e, whereAdvice),
        ArgumentException { ParamName: { Length: > 0 } name } => OneLine(e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)),
        // Names of files may hold line ends; they are shown as the command shows them.
        _ => e.Message.ReplaceLineEndings(@"\n"),
    };

    /// <summary>The runtime names the file that was being written, in quotes at the end: that is the temporary one, .NAME.GUID.tmp.</summary>
    private static string DiskFull(string message)
    {
        int open = message.IndexOf('\'', StringComparison.Ordinal), close = message.LastIndexOf('\'');
        if (close <= open)
            return "the disk is full; free some space or write to another disk";
        string path = message[(open + 1)..close], name = Path.GetFileName(path);
        if (name.Split('.') is ["", .. var words, var guid, "tmp"] && Guid.TryParseExact(guid, "N", out _))
            path = Path.Combine(Path.GetDirectoryName(path) ?? "", string.Join('.', words));
        return $"'{path.ReplaceLineEndings(@"\n")}' cannot be written: the disk is full; free some space or write to another disk";
    }

    private static string Inside(Exception e, string whereAdvice) => $"an error inside the program, {e.GetType().Name}{whereAdvice}";

    private static string OneLine(string message) => string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
