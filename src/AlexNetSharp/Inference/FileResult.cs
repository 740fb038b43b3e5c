using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Inference;

/// <summary>The outcome for one image file of many: its result, or an error.</summary>
/// <typeparam name="T">Type of the result.</typeparam>
public sealed class FileResult<T>
    where T : class
{
    internal FileResult(string path, T? result, Exception? error) => (Path, Result, Error) = (path, result, error);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The result; null if the image cannot be read.</summary>
    public T? Result { get; }

    /// <summary>Why the image has no result; null if it has one.</summary>
    public Exception? Error { get; }

    /// <summary>The result, or the error as an exception.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or damaged; the message names it.</exception>
    public T GetOrThrow()
    {
        if (Error is not null)
            ExceptionDispatchInfo.Throw(Error);
        return Result!;
    }
}
