using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Inference;

/// <summary>What became of one image of many: its result, or why it has none.</summary>
/// <param name="Path">The file.</param>
/// <param name="Result">The result; null where the image cannot be read.</param>
/// <param name="Error">What is wrong with the image; null where there is a result.</param>
/// <typeparam name="T">Type of the result.</typeparam>
public sealed record FileResult<T>(string Path, T? Result, Exception? Error)
    where T : class
{
    /// <summary>The result.</summary>
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
