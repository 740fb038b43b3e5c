using System.Globalization;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>A field of a message in protobuf's text format: a name with a text, number or word, or with a message.</summary>
/// <param name="Name">Name of the field.</param>
/// <param name="Value">A text without its quotes, a number, or a word (true, MAX) as it stands there; empty for a message.</param>
/// <param name="Message">The message; null for a value.</param>
/// <param name="Line">The line on which the field begins, from 1.</param>
internal sealed record ProtoTextField(string Name, string Value, ProtoText? Message, int Line);

/// <summary>A message in protobuf's text format, in which Caffe's prototxt files are written.</summary>
/// <remarks>
/// Read whole, whatever the fields mean; size, depth and number of fields are bounded. A parser made from the .proto would refuse the fields
/// of every other branch of Caffe. Source of the format: https://protobuf.dev/reference/protobuf/textformat-spec/.
/// </remarks>
internal sealed class ProtoText
{
    /// <summary>More characters than any description of a network has.</summary>
    public const int Longest = 16 << 20;

    private const int Deepest = 16, MostFields = 200_000;

    private readonly List<ProtoTextField> _fields = [];

    private ProtoText(string source, int line) => (Source, Line) = (source, line);

    /// <summary>The fields in their order.</summary>
    public IReadOnlyList<ProtoTextField> Fields => _fields;

    /// <summary>What to call the file in messages.</summary>
    public string Source { get; }

    /// <summary>The line on which the message begins, from 1.</summary>
    public int Line { get; }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidDataException">It is not in this format; the message names the line.</exception>
    public static ProtoText Parse(string text, string source)
    {
        if (text.Length > Longest)
            throw new InvalidDataException(FormattableString.Invariant($"{source}: line 1: a text of {text.Length} characters is refused; at most {Longest} are supported"));
        var message = new ProtoText(source, 1);
        var parser = new Parser(text, source);
        parser.Fields(message, end: '\0', depth: 0);
        return message;
    }

    /// <summary>The fault of a line.</summary>
    public InvalidDataException Error(int line, string message) => new(FormattableString.Invariant($"{Source}: line {line}: {message}"));

    /// <summary>All fields of that name.</summary>
    public IEnumerable<ProtoTextField> All(string name) => _fields.Where(field => field.Name == name);

    /// <summary>The last field of that name, which is the one that counts; null if there is none.</summary>
    public ProtoTextField? Find(string name) => _fields.FindLast(field => field.Name == name);

    /// <summary>The messages of that name.</summary>
    public IEnumerable<ProtoText> Messages(string name) => All(name).Select(field => field.Message ?? throw Error(field.Line, $"'{name}' must be a message in braces"));

    /// <summary>The message of that name; an empty one if there is none.</summary>
    public ProtoText Part(string name) => Messages(name).LastOrDefault() ?? new ProtoText(Source, Line);

    /// <summary>A text or word.</summary>
    public string? Text(string name) => Find(name) is not { } field ? null : field.Message is null ? field.Value : throw Error(field.Line, $"'{name}' must be a value, not a message");

    /// <summary>A whole number from 0 on.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="missing">What counts without the field.</param>
    public int Int(string name, int missing) => Find(name) is { } field ? Whole(field) : missing;

    /// <summary>Whole numbers from 0 on, one for each field of that name or in brackets.</summary>
    public int[] Ints(string name) => [.. All(name).Select(Whole)];

    /// <summary>A finite number.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="missing">What counts without the field.</param>
    public float Float(string name, float missing) => Find(name) is { } field ? Number(field) : missing;

    /// <summary>Finite numbers, one for each field of that name.</summary>
    public float[] Floats(string name) => [.. All(name).Select(Number)];

    /// <summary>true or false.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="missing">What counts without the field.</param>
    public bool Bool(string name, bool missing) => Find(name) is not { } field ? missing : field.Value switch
    {
        "true" or "True" or "t" or "1" => true,
        "false" or "False" or "f" or "0" => false,
        _ => throw Error(field.Line, $"'{name}' must be true or false, but is {FormatError.Quote(field.Value)}"),
    };

    private int Whole(ProtoTextField field) => int.TryParse(field.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
        ? value : throw Error(field.Line, $"'{field.Name}' must be a whole number, but is {Found(field)}");

    private float Number(ProtoTextField field) => float.TryParse(field.Value.TrimEnd('f', 'F'), NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
        ? value : throw Error(field.Line, $"'{field.Name}' must be a number, but is {Found(field)}");

    private static string Found(ProtoTextField field) => field.Message is null ? FormatError.Quote(field.Value) : "a message";

    /// <summary>Goes through the text once.</summary>
    private sealed class Parser(string text, string source)
    {
        private int _at, _line = 1, _fields;

        /// <summary>Reads fields up to <paramref name="end"/>.</summary>
        public void Fields(ProtoText message, char end, int depth)
        {
            if (depth > Deepest)
                throw Fault(FormattableString.Invariant($"messages lie more than {Deepest} deep in each other"));
            while (true)
            {
                Skip();
                if (_at == text.Length ? end == '\0' : text[_at] == end)
                {
                    _at += end == '\0' ? 0 : 1;
                    return;
                }
                if (_at == text.Length)
                    throw Fault(FormattableString.Invariant($"the text ends inside the message that begins on line {message.Line}; a '{end}' is missing"));
                Field(message, depth);
            }
        }

        private void Field(ProtoText message, int depth)
        {
            int line = _line;
            string name = Word() is { Length: > 0 } word ? word : throw Fault($"expected the name of a field, but found {Here()}");
            Skip();
            bool colon = Take(':');
            Skip();
            if (Take('['))
            {
                for (Skip(); !Take(']'); Skip())
                {
                    Value(message, name, line, depth);
                    Skip();
                    if (!Take(',') && !(_at < text.Length && text[_at] == ']'))
                        throw Fault($"expected ',' or ']' in the list of '{name}', but found {Here()}");
                }
            }
            else if (colon || (_at < text.Length && text[_at] is '{' or '<'))
            {
                Value(message, name, line, depth);
            }
            else
            {
                throw Fault($"expected ':' or '{{' after '{name}', but found {Here()}");
            }
            Skip();
            if (_at < text.Length && text[_at] is ',' or ';')
                _at++;
        }

        private void Value(ProtoText message, string name, int line, int depth)
        {
            if (++_fields > MostFields)
                throw Fault(FormattableString.Invariant($"the text has more than {MostFields} fields"));
            if (Take('{') || Take('<'))
            {
                char end = text[_at - 1] == '{' ? '}' : '>';
                var inner = new ProtoText(source, line);
                Fields(inner, end, depth + 1);
                message._fields.Add(new ProtoTextField(name, "", inner, line));
                return;
            }
            string value = _at < text.Length && text[_at] is '"' or '\'' ? Texts() : Word();
            if (value.Length == 0 && !(_at > 0 && text[_at - 1] is '"' or '\''))
                throw Fault($"expected a value of '{name}', but found {Here()}");
            message._fields.Add(new ProtoTextField(name, value, null, line));
        }

        /// <summary>Quoted texts one after the other are one.</summary>
        private string Texts()
        {
            var joined = new StringBuilder();
            int end;
            do
            {
                char quote = text[_at++];
                while (true)
                {
                    if (_at >= text.Length || text[_at] == '\n')
                        throw Fault("a text in quotes does not end on its line");
                    char c = text[_at++];
                    if (c == quote)
                        break;
                    if (c == '\\' && _at < text.Length && text[_at] != '\n')
                        c = text[_at++] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var escaped => escaped };
                    joined.Append(c);
                }
                end = _at;
                Skip();
            }
            while (_at < text.Length && text[_at] is '"' or '\'');
            _line -= text.AsSpan(end, _at - end).Count('\n');
            _at = end;
            return joined.ToString();
        }

        /// <summary>A name, number or word.</summary>
        private string Word()
        {
            int start = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '_' or '-' or '+' or '.'))
                _at++;
            return text[start.._at];
        }

        private bool Take(char c)
        {
            if (_at == text.Length || text[_at] != c)
                return false;
            _at++;
            return true;
        }

        /// <summary>Passes over space and comments.</summary>
        private void Skip()
        {
            for (; _at < text.Length; _at++)
            {
                if (text[_at] == '#')
                {
                    while (_at < text.Length && text[_at] != '\n')
                        _at++;
                    if (_at == text.Length)
                        return;
                }
                if (text[_at] == '\n')
                    _line++;
                else if (!char.IsWhiteSpace(text[_at]) && text[_at] != '\uFEFF')
                    return;
            }
        }

        private string Here() => _at == text.Length ? "the end of the text" : FormatError.Quote(text[_at].ToString());

        private InvalidDataException Fault(string message) => new(FormattableString.Invariant($"{source}: line {_line}: {message}"));
    }
}
