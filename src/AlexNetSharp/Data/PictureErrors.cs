namespace AlexNetSharp.Data;

/// <summary>What can go wrong with a single picture, and how to say it.</summary>
internal static class PictureErrors
{
    /// <summary>Whether an exception is about the picture (missing, unreadable, damaged) and not about the program.</summary>
    public static bool IsAboutThePicture(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>One line that begins with the picture's name.</summary>
    public static string Describe(string name, Exception e) =>
        e.Message.StartsWith(name, StringComparison.Ordinal) ? e.Message : $"{name}: {e.Message}";
}
