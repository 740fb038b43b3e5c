using System.Globalization;
using System.Text;

// Compiled into the command as well, under a namespace of its own: the library does not make it public.
#if !ALEXNET_COMMAND
namespace AlexNetSharp.Diagnostics;
#else
namespace AlexNetSharp.Cli.Hosting;
#endif

/// <summary>Text from files, made fit to be shown: names of images, classes and tensors can hold anything, and a terminal obeys what it is sent.</summary>
internal static class Printable
{
    /// <summary>
    /// The text with an escape in place of every character that breaks a line, steers a terminal, or is invisible: control characters,
    /// line and paragraph separators, bidirectional marks and other format characters, halves of surrogate pairs.
    /// </summary>
    /// <returns><c>cat\x1b[2J.jpg</c>; the text itself if there is nothing to escape.</returns>
    public static string Of(string text)
    {
        if (IsPrintable(text))
            return text;
        var shown = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length;)
        {
            int length = LengthAt(text, i);
            if (IsPrintable(text, i))
                shown.Append(text, i, length);
            else
                shown.Append(Escape(length == 2 ? char.ConvertToUtf32(text, i) : text[i]));
            i += length;
        }
        return shown.ToString();
    }

    /// <summary>Whether <see cref="Of"/> would leave a text as it is.</summary>
    public static bool IsPrintable(string text)
    {
        for (int i = 0; i < text.Length; i += LengthAt(text, i))
            if (!IsPrintable(text, i))
                return false;
        return true;
    }

    private static int LengthAt(string text, int index) => char.IsSurrogatePair(text, index) ? 2 : 1;

    // Joiners are format characters too, but some scripts and pictographs are not written without them.
    private static bool IsPrintable(string text, int index) => text[index] is '\u200c' or '\u200d' || CharUnicodeInfo.GetUnicodeCategory(text, index)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate);

    private static string Escape(int codePoint) => codePoint switch
    {
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        < 0x100 => string.Create(CultureInfo.InvariantCulture, $@"\x{codePoint:x2}"),
        < 0x10000 => string.Create(CultureInfo.InvariantCulture, $@"\u{codePoint:x4}"),
        _ => string.Create(CultureInfo.InvariantCulture, $@"\U{codePoint:x8}"),
    };
}
