namespace AlexNetSharp.Data;

/// <summary>What can go wrong with a single image, and how to say it.</summary>
internal static class ImageErrors
{
    /// <summary>Whether an exception is about the image (missing, unreadable, damaged) and not about the program.</summary>
    public static bool IsAboutTheImage(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>One line that begins with the image's name.</summary>
    public static string Describe(string name, Exception e) =>
        e.Message.StartsWith(name, StringComparison.Ordinal) ? e.Message : $"{name}: {e.Message}";

    /// <summary>The exception, with the image's name where it lacks it: preprocessing knows no names.</summary>
    public static Exception Named(string name, Exception e) =>
        e is InvalidDataException && !e.Message.StartsWith(name, StringComparison.Ordinal) ? new InvalidDataException(Describe(name, e), e) : e;
}
