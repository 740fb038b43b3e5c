using System.Globalization;
using System.Text;

namespace AlexNetSharp.Models;

/// <summary>
/// Reads classes that are written as a list or a dictionary of JSON or Python: names in order, index → name, index → [id, name], name → index.
/// </summary>
/// <remarks>Nothing is evaluated: numbers, texts in single or double quotes, lists, tuples and dictionaries of these are all that is known.</remarks>
internal ref struct ClassList
{
    private const int MostClasses = 1_000_000;

    private readonly string _path;
    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private ClassList(string path, ReadOnlySpan<char> text)
    {
        _path = path;
        _text = text;
    }

    /// <summary>Whether a text begins as a list or a dictionary does; a name in brackets is none.</summary>
    public static bool Recognizes(ReadOnlySpan<char> text) =>
        text.TrimStart() is ['[' or '{', .. var rest] && rest.TrimStart() is ['"' or '\'' or '[' or '(' or '}' or ']' or (>= '0' and <= '9'), ..];

    /// <summary>Reads the classes.</summary>
    /// <exception cref="InvalidDataException">The text is no such list, or an index is missing or appears twice.</exception>
    public static List<ClassName> Read(string path, ReadOnlySpan<char> text)
    {
        var reader = new ClassList(path, text);
        List<ClassName> classes = reader.Next() == '[' ? reader.List() : reader.Dictionary();
        return reader.Next() is '\0' or ';' ? classes : throw reader.Fault("unexpected text after the classes");
    }

    private List<ClassName> List()
    {
        var classes = new List<ClassName>();
        while (More('[', ']', classes.Count))
            classes.Add(Class());
        return classes;
    }

    private List<ClassName> Dictionary()
    {
        var byIndex = new SortedDictionary<int, ClassName>();
        while (More('{', '}', byIndex.Count))
        {
            (string key, bool quoted) = Scalar();
            if (Next() != ':')
                throw Fault("expected ':' behind a key");
            _at++;
            // Index → name, with the index in quotes in JSON; or name → index, with the index bare.
            bool indexFirst = int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && (!quoted || Next() is '"' or '\'' or '[' or '(');
            ClassName value = indexFirst ? Class() : new ClassName(key, key);
            if (!indexFirst && (!quoted || !int.TryParse(Scalar().Text, NumberStyles.None, CultureInfo.InvariantCulture, out index)))
                throw Fault("expected index: name, index: [id, name] or name: index");
            if (!byIndex.TryAdd(index, value))
                throw Fault(string.Create(CultureInfo.InvariantCulture, $"class {index} appears twice"));
        }
        int expected = 0;
        foreach (int index in byIndex.Keys)
            if (index != expected++)
                throw Fault(string.Create(CultureInfo.InvariantCulture, $"class {expected - 1} is missing; the indexes must be 0 to {byIndex.Count - 1}"));
        return [.. byIndex.Values];
    }

    /// <summary>A name, or a list or tuple of an id and a name.</summary>
    private ClassName Class()
    {
        char open = Next();
        if (open is not ('[' or '('))
        {
            (string name, bool quoted) = Scalar();
            return quoted ? new ClassName(name, name) : throw Fault("expected a name in quotes");
        }
        var parts = new List<string>();
        while (More(open, open == '[' ? ']' : ')', parts.Count))
            parts.Add(Scalar().Text);
        return parts is [var id, var text] ? new ClassName(id, text) : throw Fault("expected [id, name]");
    }

    /// <summary>Steps over the opening bracket or a comma; false behind the closing bracket.</summary>
    private bool More(char open, char close, int count)
    {
        if (count > MostClasses)
            throw Fault("too many classes");
        char next = Next();
        if (count == 0 ? next != open : next != ',' && next != close)
            throw Fault($"expected ',' or '{close}'");
        if (next != close)
        {
            _at++;
            next = Next();
        }
        if (next != close)
            return true;
        _at++;
        return false;
    }

    /// <summary>A number, or a text in quotes.</summary>
    private (string Text, bool Quoted) Scalar()
    {
        char quote = Next();
        if (char.IsAsciiDigit(quote))
        {
            int start = _at;
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
                _at++;
            return (_text[start.._at].ToString(), false);
        }
        if (quote is not ('"' or '\''))
            throw Fault("expected a number or a quoted string");
        var text = new StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (c == quote)
            {
                _at++;
                return (text.ToString().Trim(), true);
            }
            text.Append(c == '\\' ? Escape() : c);
        }
        throw Fault("unterminated string");
    }

    private char Escape()
    {
        char c = ++_at < _text.Length ? _text[_at] : '\0';
        int digits = c switch { 'u' => 4, 'x' => 2, _ => 0 };
        if (digits == 0)
            return c is '\\' or '\'' or '"' or '/' ? c : c is 't' ? ' ' : throw Fault("unknown escape sequence");
        if (_at + digits >= _text.Length || !ushort.TryParse(_text.Slice(_at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            throw Fault("unknown escape sequence");
        _at += digits;
        return (char)code;
    }

    /// <summary>The next character that is no space, without stepping over it; 0 at the end.</summary>
    private char Next()
    {
        while (_at < _text.Length && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '\uFEFF'))
            _at++;
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private readonly InvalidDataException Fault(string what) => new(string.Create(CultureInfo.InvariantCulture,
        $"{_path}: line {1 + _text[..Math.Min(_at, _text.Length)].Count('\n')}: {what}; give one class per line, or a JSON or Python list or dictionary"));
}
