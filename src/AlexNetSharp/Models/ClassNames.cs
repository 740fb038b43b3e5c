using System.Globalization;
using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Models;

/// <summary>The reader of <see cref="ClassName.Load"/>.</summary>
internal static class ClassNames
{
    private const int WordNetIdLength = 9, LongestName = 1000;
    private const long LongestFile = 64 << 20;

    /// <inheritdoc cref="ClassName.Load"/>
    public static IReadOnlyList<ClassName> Load(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (stream.Length > LongestFile)
            throw new InvalidDataException(FormattableString.Invariant($"{path}: class-name files of {stream.Length} bytes are refused; at most {LongestFile} are supported"));
        return Read(stream, path);
    }

    /// <summary>Whether a text from a file can be a name: there is one, on one line, of bounded length, without anything that steers a terminal.</summary>
    internal static bool IsName(string? text) => text is { Length: > 0 and <= LongestName } && !text.Any(FormatError.IsControl);

    /// <summary>Reads the classes of a stream.</summary>
    internal static IReadOnlyList<ClassName> Read(Stream stream, string path)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
        var lines = new List<string>();
        try
        {
            while (reader.ReadLine() is { } line)
                lines.Add(line.Trim().Replace('\t', ' '));
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}: line {Number(lines.Count)} is not UTF-8 text; give a text file with one class per line", e);
        }
        string text = string.Join('\n', lines);
        if (ClassList.Recognizes(text))
            return Checked(ClassList.Read(path, text), path);
        while (lines.Count > 0 && lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        if (lines.Count == 0)
            throw new InvalidDataException($"{path}: the file holds no names; write one class per line");
        int bad = lines.FindIndex(line => !IsName(line));
        if (bad >= 0)
            throw new InvalidDataException($"{path}: line {Number(bad)} is empty, too long or not text; write one class per line, in the order of the network's outputs");
        if (lines.Count > 1 && !lines.Where((line, i) => !BeginsWithNumber(line, i)).Any())
            lines = [.. lines.Select(line => line[Digits(line)..].TrimStart(':', ',', ' '))];
        if (lines.TrueForAll(line => BeginsWithWordNetId(line) && line[WordNetIdLength..].TrimStart() is [>= '0' and <= '9', ..] rest && rest.Split(' ').Length > 1))
            throw new InvalidDataException($"{path}: a number stands between id and name on every line, and may be the order of a challenge and not of the outputs; write 'id name' on each line, in the order of the network's outputs");
        return [.. lines.TrueForAll(BeginsWithWordNetId) ? lines.Select(line => new ClassName(line[..WordNetIdLength], line[WordNetIdLength..].Trim()))
            : lines.Select(line => new ClassName(line, line))];

        static string Number(int index) => (index + 1).ToString(CultureInfo.InvariantCulture);
    }

    private static List<ClassName> Checked(List<ClassName> classes, string path)
    {
        if (classes.Count == 0)
            throw new InvalidDataException($"{path}: the file holds no names");
        int bad = classes.FindIndex(c => !IsName(c.Id) || !IsName(c.Name));
        return bad < 0 ? classes : throw new InvalidDataException(FormattableString.Invariant($"{path}: the name of class {bad} is empty, too long or not text"));
    }

    private static int Digits(string line) => line.AsSpan().IndexOfAnyExceptInRange('0', '9') is var digits and >= 0 ? digits : line.Length;

    /// <summary>Whether a line is its own number, counted from 0, and a name behind it.</summary>
    private static bool BeginsWithNumber(string line, int number) =>
        Digits(line) is var digits and > 0 && digits < line.Length && line[digits] is (':' or ',' or ' ') && line[digits..].Trim(':', ',', ' ').Length > 0
        && line[..digits] == number.ToString(CultureInfo.InvariantCulture);

    private static bool BeginsWithWordNetId(string line) =>
        line.Length > WordNetIdLength + 1 && line[0] == 'n' && line.AsSpan(1, WordNetIdLength - 1).IndexOfAnyExceptInRange('0', '9') < 0
        && line[WordNetIdLength] == ' ';
}
