using System.Globalization;
using System.Text.Json;

namespace AlexNetSharp.Networks;

/// <summary>The fields of a JSON object from outside: each is asked for once, with its type, and what nobody asked for is refused.</summary>
/// <remarks>Every fault is an <see cref="InvalidDataException"/> that names source, line, object and field.</remarks>
internal sealed class JsonFields
{
    private readonly Dictionary<string, JsonElement> _fields = [];
    private readonly string _where;

    /// <summary>Takes the fields of <paramref name="element"/>.</summary>
    /// <param name="element">The object.</param>
    /// <param name="where">What stands before each message: source, line, and what the object is.</param>
    /// <exception cref="InvalidDataException">It is no object, or a field stands in it twice.</exception>
    public JsonFields(JsonElement element, string where)
    {
        _where = where;
        if (element.ValueKind != JsonValueKind.Object)
            throw Error($"expected an object {{ … }}, but found {Describe(element)}");
        foreach (JsonProperty property in element.EnumerateObject())
            if (!_fields.TryAdd(property.Name, property.Value))
                throw Error($"the field '{Short(property.Name)}' appears twice");
    }

    /// <summary>A fault of this object.</summary>
    public InvalidDataException Error(string message, Exception? inner = null) => new($"{_where}: {message}", inner);

    /// <summary>A whole number.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="missing">Its value if it is missing; null if it must be there.</param>
    public int Int(string name, int? missing = null) => Take(name) switch
    {
        null => missing ?? throw Missing(name),
        { ValueKind: JsonValueKind.Number } element when element.TryGetInt32(out int value) => value,
        { } element => throw Wrong(name, "a whole number", element),
    };

    /// <summary>A finite number.</summary>
    /// <inheritdoc cref="Int"/>
    public float Float(string name, float? missing = null) => Take(name) switch
    {
        null => missing ?? throw Missing(name),
        { ValueKind: JsonValueKind.Number } element when element.TryGetSingle(out float value) && float.IsFinite(value) => value,
        { } element => throw Wrong(name, "a number", element),
    };

    /// <summary>true or false.</summary>
    /// <inheritdoc cref="Int"/>
    public bool Bool(string name, bool? missing = null) => Take(name) switch
    {
        null => missing ?? throw Missing(name),
        { ValueKind: JsonValueKind.True or JsonValueKind.False } element => element.GetBoolean(),
        { } element => throw Wrong(name, "true or false", element),
    };

    /// <summary>A text on one line, of bounded length, without control characters.</summary>
    /// <param name="name">Name of the field.</param>
    public string Text(string name) => Take(name) switch
    {
        null => throw Missing(name),
        { ValueKind: JsonValueKind.String } element when element.GetString() is { Length: > 0 and <= 1000 } text && !text.Any(char.IsControl) => text,
        { } element => throw Wrong(name, "a text of 1 to 1000 characters on one line", element),
    };

    /// <summary>Whole numbers in brackets.</summary>
    /// <param name="name">Name of the field.</param>
    public int[] Ints(string name) => Take(name) switch
    {
        null => throw Missing(name),
        { ValueKind: JsonValueKind.Array } element when element.GetArrayLength() <= 16 && element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)) =>
            [.. element.EnumerateArray().Select(item => item.GetInt32())],
        { } element => throw Wrong(name, "whole numbers in brackets", element),
    };

    /// <summary>A field of any kind, or null if it is missing.</summary>
    /// <param name="name">Name of the field.</param>
    public JsonElement? Take(string name) => _fields.Remove(name, out JsonElement element) ? element : null;

    /// <summary>A field of any kind that must be there.</summary>
    /// <param name="name">Name of the field.</param>
    public JsonElement Required(string name) => Take(name) ?? throw Missing(name);

    /// <summary>Refuses what is left.</summary>
    /// <exception cref="InvalidDataException">A field is left that nobody asked for.</exception>
    public void End()
    {
        if (_fields.Keys.FirstOrDefault() is { } name)
            throw Error($"the field '{Short(name)}' is not known here");
    }

    /// <summary>The fault of a field that holds something else than expected.</summary>
    public InvalidDataException Wrong(string name, string expected, JsonElement found) => Error($"'{name}' must be {expected}, but is {Describe(found)}");

    private InvalidDataException Missing(string name) => Error($"the field '{name}' is missing");

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => string.Create(CultureInfo.InvariantCulture, $"a list of {element.GetArrayLength()} values"),
        JsonValueKind.String => $"the text '{Short(element.GetString()!)}'",
        _ => Short(element.GetRawText()),
    };

    private static string Short(string text) => Diagnostics.Printable.Of(text.Length > 60 ? text[..60] + "…" : text);
}
