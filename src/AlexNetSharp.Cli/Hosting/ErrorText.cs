using System.Globalization;
using System.Reflection;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>What to say about an exception: its message, where that says something.</summary>
internal static class ErrorText
{
    /// <summary>One line about what went wrong, with the cause in place of what only wraps it.</summary>
    public static string Of(Exception e) => e switch
    {
        AggregateException or TargetInvocationException or TypeInitializationException when e.InnerException is { } cause => Of(cause),
        InsufficientMemoryException => e.Message,
        OutOfMemoryException => string.Create(
            CultureInfo.InvariantCulture,
            $"the memory does not suffice ({SystemMemory.AvailableBytes / 1e9:0.0} GB are available now); use smaller batches or images, a smaller --cache where there is one, or give the process more"),
        // What an exception says that nobody gave a message.
        _ when e.Message.Contains(e.GetType().FullName!, StringComparison.Ordinal) => $"an error inside the program, {e.GetType().Name}; --verbose shows where",
        _ => e.Message,
    };
}
