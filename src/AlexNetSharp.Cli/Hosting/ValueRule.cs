using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Rule for a value: the single place for its limits, on the command line and in files.</summary>
/// <param name="helpName">Placeholder for the value in the help, such as <c>N</c>.</param>
/// <param name="expected">Expected values, for messages, such as "a whole number from 1 to 5".</param>
/// <param name="json">JSON type of the value.</param>
/// <param name="parse">Parses a text; returns whether it is valid, and the value.</param>
/// <param name="suggest">Returns a suggestion for the end of the error message; null for none.</param>
internal sealed class ValueRule<T>(
    string helpName, string expected, JsonValueKind json, Func<string, (bool Valid, T Value)> parse, Func<string, string>? suggest = null)
{
    /// <summary>Placeholder for the value in the help.</summary>
    public string HelpName { get; } = helpName;

    /// <summary>Parses a text; returns false if it is not a valid value.</summary>
    public bool TryParse(string text, out T value)
    {
        (bool valid, value) = parse(text);
        return valid;
    }

    /// <summary>Parses a JSON element; returns false if it is not a valid value.</summary>
    public bool TryParse(JsonElement element, out T value)
    {
        // JSON has two kinds for the Boolean type.
        JsonValueKind kind = element.ValueKind == JsonValueKind.False ? JsonValueKind.True : element.ValueKind;
        value = default!;
        return kind == json && TryParse(TextOf(element), out value);
    }

    /// <summary>Returns the error message for an invalid value.</summary>
    /// <param name="name">Name of the option or field.</param>
    /// <param name="found">The invalid value.</param>
    public string Refusal(string name, string found) => $"{name} must be {expected}, but is {found}{suggest?.Invoke(found.Trim('\'', '"'))}";

    /// <summary>Converts the rule to values of another type.</summary>
    public ValueRule<TOther> As<TOther>(Func<T, TOther> convert) =>
        new(HelpName, expected, json, text => TryParse(text, out T value) ? (true, convert(value)) : (false, default!), suggest);

    private static string TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Array => string.Join(',', element.EnumerateArray().Select(item => item.GetRawText())),
        _ => element.GetRawText(),
    };
}

/// <summary>Creates instances of <see cref="ValueRule{T}"/>.</summary>
internal static class ValueRule
{
    /// <summary>A Boolean value.</summary>
    public static ValueRule<bool> Switch { get; } = new("", "true or false", JsonValueKind.True, text => (bool.TryParse(text, out bool value), value));

    /// <summary>A nonempty path.</summary>
    public static ValueRule<string?> Path(string helpName) =>
        new(helpName, "a path", JsonValueKind.String, text => (!string.IsNullOrWhiteSpace(text), text));

    /// <summary>A nonempty text.</summary>
    public static ValueRule<string> Text(string helpName) =>
        new(helpName, "a name", JsonValueKind.String, text => (!string.IsNullOrWhiteSpace(text), text));

    /// <summary>Names, each with a factor: <c>fc6=0.1,fc7=0.1</c>.</summary>
    public static ValueRule<string> Factors { get; } = new(
        "LAYER=X,…", "layers, each with a factor, such as fc6=0.1,fc7=0.1", JsonValueKind.String, text => (ParseFactors(text) is not null, text));

    /// <summary>Parses the names and factors of such a text; null if it is invalid.</summary>
    public static IReadOnlyList<(string Name, double Factor)>? ParseFactors(string text)
    {
        var factors = new List<(string, double)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Split('=') is not [{ Length: > 0 } name, var factor]
                || !double.TryParse(factor, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !(value is >= 0 and <= 1e6))
                return null;
            factors.Add((name.Trim(), value));
        }
        return factors;
    }

    /// <summary>Comma-separated whole numbers, at least 0.</summary>
    public static ValueRule<IReadOnlyList<int>> IntegerList { get; } =
        new("N,N", "whole numbers separated by commas, such as 120,130", JsonValueKind.Array, ParseList);

    /// <summary>One or more distinct whole numbers between two limits.</summary>
    public static ValueRule<IntegerList> Integers(int minimum, int maximum) => new(
        "N[,N…]",
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}, or several different ones separated by commas"),
        JsonValueKind.Array,
        text => ParseList(text) is (true, { Count: > 0 } list) && list.All(value => value >= minimum && value <= maximum) && list.Distinct().Count() == list.Count
            ? (true, new IntegerList(list)) : (false, default!));

    /// <summary>A whole number between two limits.</summary>
    public static ValueRule<T> Integer<T>(T minimum, T maximum)
        where T : struct, IBinaryInteger<T> => new(
            "N",
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"),
            JsonValueKind.Number,
            text => (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) && value >= minimum && value <= maximum, value));

    /// <summary>A number between two limits.</summary>
    public static ValueRule<double> Number(double minimum, double maximum) => new(
        "X",
        string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"),
        JsonValueKind.Number,
        text => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= minimum && value <= maximum, value));

    /// <summary>One of a few words.</summary>
    /// <param name="helpName">Placeholder for the word in the help; null for the list of all words.</param>
    /// <param name="words">The words.</param>
    public static ValueRule<string> Words(string? helpName, params IReadOnlyList<string> words) => new(
        helpName ?? string.Join('|', words),
        OneOf(words),
        JsonValueKind.String,
        text => (words.Contains(text), text),
        text => NearestName.Suggestion(text, words));

    /// <summary>One of a few names, or a path: a text that contains a dot or a path separator, or is an existing file.</summary>
    /// <param name="helpName">Placeholder for the value in the help.</param>
    /// <param name="names">The names.</param>
    /// <param name="or">Description of the path, for messages.</param>
    public static ValueRule<string> NameOrPath(string helpName, IReadOnlyList<string> names, string or) => new(
        helpName,
        $"{string.Join(", ", names)}, {or}",
        JsonValueKind.String,
        text => (names.Contains(text) || text.AsSpan().ContainsAny('/', '\\', '.') || File.Exists(text), text),
        text => NearestName.Suggestion(text, names));

    /// <summary>Lists words as in a sentence: <c>a, b or c</c>.</summary>
    public static string OneOf(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";

    private static (bool Valid, IReadOnlyList<int> Value) ParseList(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var values = new int[text.Length == 0 ? 0 : parts.Length];
        for (int i = 0; i < values.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
                return (false, []);
        return (true, values);
    }
}

/// <summary>Whole numbers, in the form used on the command line.</summary>
/// <param name="Values">The numbers.</param>
internal sealed record IntegerList(IReadOnlyList<int> Values)
{
    /// <summary><c>1,8,32</c>.</summary>
    public override string ToString() => string.Join(',', Values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
}
