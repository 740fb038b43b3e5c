using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Formats;

/// <summary>Makes the one-line errors of the readers: file, byte offset, what is wrong, what to do.</summary>
internal static class FormatError
{
    private const int LongestQuote = 120;

    /// <summary>The error to throw for a fault at byte <paramref name="offset"/> of <paramref name="path"/>.</summary>
    public static InvalidDataException At(string path, long offset, string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: at byte {offset}: {message}"));

    /// <summary>Throws <see cref="At"/>.</summary>
    [DoesNotReturn]
    public static void Throw(string path, long offset, string message) => throw At(path, offset, message);

    /// <summary>Whether a character breaks a line or steers a terminal.</summary>
    public static bool IsControl(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';

    /// <summary>Text from a file made fit for a message: in quotes, on one line, of bounded length.</summary>
    public static string Quote(string text) =>
        text.Length > LongestQuote ? $"'{Printable.Of(text[..LongestQuote])}…'" : $"'{Printable.Of(text)}'";

    /// <summary>A shape as it is written in messages: [64, 3, 11, 11].</summary>
    public static string Shape(ReadOnlySpan<long> shape)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < shape.Length && i < 16; i++)
            text.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{shape[i]}");
        return text.Append(shape.Length > 16 ? ", …]" : "]").ToString();
    }
}
